//! `cargo perfkit doctor`: what this machine can measure, and what to do about the rest.

use std::fmt::Write as _;
use std::path::Path;

use perfkit_model::lens::LENSES;

use crate::cli::Global;
use crate::failure::Exit;
use crate::workspace::Workspace;
use crate::{callgrind, cargo_config, compiler_listing, link_orders, rustc, settings};

/// One thing that was looked at.
struct Check {
    good: bool,
    what: String,
    remedy: Option<&'static str>,
}

/// Runs the command.
pub(crate) fn doctor(global: &Global) -> anyhow::Result<Exit> {
    let mut text = format!("cargo perfkit {}\n\n", env!("CARGO_PKG_VERSION"));
    let mut section = |title: &str, checks: Vec<Check>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{title}");
        for check in checks {
            let _ = writeln!(
                text,
                "  {} {}",
                if check.good { "ok   " } else { "note " },
                check.what
            );
            if let Some(remedy) = check.remedy.filter(|_| !check.good) {
                let _ = writeln!(text, "        → {remedy}");
            }
        }
        text.push('\n');
    };
    section("Compiler", compiler());
    section("Machine", machine());
    section("Workspace", workspace(global));
    text.push_str("Lenses\n");
    let width = LENSES.iter().map(|lens| lens.id.len()).max();
    let width = width.unwrap_or_default();
    for lens in LENSES {
        let available = available(lens.id);
        let state = if available { "ok   " } else { "none " };
        let _ = writeln!(text, "  {state} {:<width$} {}", lens.id, lens.how);
        let _ = writeln!(text, "        {:width$} blind to {}", "", lens.blind);
        if !available {
            let _ = writeln!(
                text,
                "        {:width$} not available here; it works on {}",
                "", lens.platforms
            );
        }
    }
    super::print(&text)
}

/// Whether a lens works on this platform; each says the same of itself when it is asked to measure.
fn available(lens: &str) -> bool {
    let linux = cfg!(target_os = "linux");
    let known_processor = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    match lens {
        "memcpy" | "io" => linux && known_processor,
        "cpu" => linux && known_processor,
        "instructions" => linux && known_processor && callgrind::version().is_some(),
        _ => true,
    }
}

fn check(good: bool, what: impl Into<String>, remedy: &'static str) -> Check {
    Check {
        good,
        what: what.into(),
        remedy: Some(remedy),
    }
}

fn compiler() -> Vec<Check> {
    let lists_types = compiler_listing::check().is_ok();
    let shuffles = link_orders::check();
    match rustc::ask() {
        Ok(rustc) => vec![
            check(true, format!("{} for {}", rustc.version, rustc.host), ""),
            check(
                rustc.annotates_moves,
                if rustc.annotates_moves {
                    "the compiler can annotate moves: copies are named by type (stable is enough; the switch is set for single calls only)"
                } else {
                    "the compiler cannot annotate moves: copies are named by function and line, not by type"
                },
                "Rust 1.93 or later names the types",
            ),
            check(
                lists_types,
                if lists_types {
                    "the compiler can list types: `lint --compiler-listing` sees futures that no program has"
                } else {
                    "the compiler cannot list types: `lint` sees the futures of built programs, and no others"
                },
                "a compiler from https://rustup.rs can",
            ),
            check(
                shuffles,
                if shuffles {
                    "the linker shuffles sections: `compare` times both sides in many orders, so that where code lies is no change"
                } else {
                    "the linker does not shuffle sections: `compare` times each side as it was linked, and where code lies may look like a change"
                },
                "lld does, which Rust 1.90 or later brings along for x86-64 Linux; elsewhere set `-Clink-arg=-fuse-ld=lld`",
            ),
        ],
        Err(error) => vec![check(
            false,
            error.to_string(),
            "install Rust from https://rustup.rs",
        )],
    }
}

fn machine() -> Vec<Check> {
    let read = |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    let mut checks = vec![
        check(
            processors >= 2,
            format!("{processors} processors"),
            "on one processor a multi_thread runtime measures the scheduler of the kernel",
        ),
        match callgrind::version() {
            Some(version) => check(
                true,
                format!("{version} is installed: `--lens instructions` works"),
                "",
            ),
            None => check(
                false,
                "valgrind is not installed, which the instructions lens needs",
                "`apt-get install valgrind`",
            ),
        },
    ];
    if let Ok(setting) = read("/proc/sys/kernel/perf_event_paranoid") {
        checks.push(check(
            true,
            format!("kernel.perf_event_paranoid = {setting}; the cpu lens works with any value, as it samples from inside"),
            "",
        ));
    }
    if let Ok(governor) = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") {
        checks.push(check(
            governor == "performance",
            format!("the frequency governor is `{governor}`"),
            "times vary less under `performance`; counts do not care",
        ));
    }
    for (name, value) in
        std::env::vars().filter(|(name, _)| name.starts_with("MALLOC_") || name == "GLIBC_TUNABLES")
    {
        checks.push(check(
            false,
            format!("{name}={value} tunes the allocator of every child"),
            "it is recorded with each run",
        ));
    }
    checks
}

fn workspace(global: &Global) -> Vec<Check> {
    let workspace = match Workspace::load(global) {
        Ok(workspace) => workspace,
        Err(error) => {
            return vec![check(
                false,
                format!("{error:#}"),
                "run doctor inside the workspace you want to measure",
            )];
        }
    };
    let mut checks = vec![check(
        true,
        format!("root {}", workspace.root.display()),
        "",
    )];
    match settings::load(&workspace.root) {
        Ok(_) => checks.push(check(true, "perfkit.toml is understood, or absent", "")),
        Err(error) => checks.push(check(
            false,
            format!("{error:#}"),
            "`cargo perfkit explain perfkit.toml`",
        )),
    }
    match crate::targets::benches(&workspace, &crate::cli::BuildArgs::default()) {
        Ok(packages) => {
            for package in packages {
                let benches: Vec<String> =
                    package.targets.into_iter().map(|(_, name)| name).collect();
                checks.push(check(
                    true,
                    format!(
                        "{} has the bench targets {}",
                        package.name,
                        benches.join(", ")
                    ),
                    "",
                ));
            }
        }
        Err(error) => checks.push(check(
            false,
            format!("{error:#}"),
            "`cargo perfkit init` adds a first workload",
        )),
    }
    for place in global_allocators(&workspace) {
        checks.push(check(
            false,
            format!(
                "{place} declares a global allocator; in a library it conflicts with perfkit's"
            ),
            "`cargo perfkit explain allocator` shows both ways out",
        ));
    }
    let wrappers = cargo_config::wrappers(&workspace.root);
    for wrapper in [wrappers.all, wrappers.workspace].into_iter().flatten() {
        checks.push(check(
            true,
            format!("the compiler wrapper `{wrapper}` stays in force"),
            "",
        ));
    }
    checks
}

/// Library sources of the workspace that declare a global allocator.
fn global_allocators(workspace: &Workspace) -> Vec<String> {
    let declares = |path: &Path| {
        std::fs::read_to_string(path).is_ok_and(|text| {
            text.lines()
                .any(|line| line.trim_start().starts_with("#[global_allocator]"))
        })
    };
    workspace
        .members()
        .into_iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_lib())
        .map(|target| target.src_path.as_std_path())
        .filter(|path| declares(path))
        .map(|path| {
            path.strip_prefix(&workspace.root)
                .unwrap_or(path)
                .display()
                .to_string()
        })
        .collect()
}
