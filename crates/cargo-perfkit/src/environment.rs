//! Where a run is measured, and what its children get to see of it.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::process::Command;

use perfkit_model::environment::Environment;

use crate::build::Built;
use crate::rustc::Rustc;
use crate::settings::Settings;
use crate::workspace::Workspace;

/// Variables that every child needs to work at all.
const NEEDED: [&str; 6] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "USER",
];

/// Prefixes of variables that tune the allocator or libc. They reach the children and are recorded, because they
/// can turn a verdict round: glibc's trimming alone has made page faults vary by a factor of 17.
const TUNABLES: [&str; 5] = [
    "MALLOC_",
    "GLIBC_TUNABLES",
    "MIMALLOC_",
    "_RJEM_",
    "JEMALLOC_",
];

/// The fixed environment of the children, and the part of it that is worth recording.
pub(crate) fn variables(
    settings: &Settings,
) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut given = BTreeMap::from([
        ("LC_ALL".to_owned(), "C".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
    ]);
    let mut recorded = BTreeMap::new();
    for (name, value) in std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
    {
        let is_tunable = TUNABLES.iter().any(|prefix| name.starts_with(prefix));
        let is_wanted = settings.environment.contains(&name);
        if is_tunable || is_wanted {
            recorded.insert(name.clone(), value.clone());
        }
        if is_tunable || is_wanted || NEEDED.contains(&name.as_str()) {
            given.insert(name, value);
        }
    }
    (given, recorded)
}

/// Describes the place of a run.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn describe(
    workspace: &Workspace,
    settings: &Settings,
    rustc: &Rustc,
    built: &Built,
    recorded: BTreeMap<String, String>,
) -> Environment {
    Environment {
        rustc: rustc.version.clone(),
        target: built.triple.clone(),
        build: code_settings(built),
        annotated_moves: built.annotated_moves,
        lockfile: workspace
            .lockfile()
            .map(|bytes| hash(&bytes))
            .unwrap_or_default(),
        packages: workspace.package_versions(),
        os: operating_system(),
        libc: libc(&built.triple),
        processor: processor(),
        processors: match settings.processors {
            0 => std::thread::available_parallelism().map_or(0, |count| count.get() as u32),
            pinned => pinned,
        },
        variables: recorded,
        revision: revision(workspace),
        differences: differences(workspace, built),
    }
}

/// The C library that programs of this triple use.
fn libc(triple: &str) -> String {
    if triple.contains("musl") {
        return "musl".to_owned();
    }
    said(Command::new("getconf").arg("GNU_LIBC_VERSION")).unwrap_or_else(|| "unknown".to_owned())
}

/// What the layout of types depends on, beside the source.
pub(crate) fn of_types(rustc: &Rustc, built: &Built) -> Environment {
    Environment {
        rustc: rustc.version.clone(),
        target: built.triple.clone(),
        build: code_settings(built),
        ..Environment::default()
    }
}

/// Settings that change the machine code.
fn code_settings(built: &Built) -> Vec<String> {
    let mut build = built.settings.clone();
    let optimised: std::collections::BTreeSet<&str> = built
        .executables
        .iter()
        .map(|executable| executable.opt_level.as_str())
        .collect();
    build.extend(
        optimised
            .into_iter()
            .map(|level| format!("opt-level={level}")),
    );
    // Annotated moves do not change the code that runs, and are recorded beside it.
    build.retain(|setting| setting != crate::wrapper::ANNOTATE_FLAG);
    build.extend(
        std::env::var("RUSTFLAGS")
            .ok()
            .filter(|flags| !flags.is_empty())
            .map(|flags| format!("RUSTFLAGS={flags}")),
    );
    build
}

/// A short content hash for "is it the same file", not against malice.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Settings in which the measured build differs from the release build that is shipped.
fn differences(workspace: &Workspace, built: &Built) -> Vec<String> {
    let mut differences = vec![
        "frame pointers are kept, symbols carry v0 names, and there is debug info".to_owned(),
        "perfkit's features `cpu`, `dhat` and `stages` are on; the features they need of shared dependencies are too".to_owned(),
    ];
    if built.triple.contains("musl") {
        differences.push(
            "copies are made by perfkit's own `memmove`: a static program has no other beside the one that counts"
                .to_owned(),
        );
    }
    if built.annotated_moves {
        differences.push(
            "moves are annotated with their type, which adds debug info and no instructions"
                .to_owned(),
        );
    }
    let manifest = std::fs::read_to_string(workspace.root.join("Cargo.toml")).unwrap_or_default();
    let manifest: toml::Table = manifest.parse().unwrap_or_default();
    let panic = |profile: &str| {
        manifest
            .get("profile")?
            .get(profile)?
            .get("panic")?
            .as_str()
    };
    if panic("release") == Some("abort") {
        differences.push(
            "`panic = \"abort\"` of the release profile is ignored for bench targets by cargo"
                .to_owned(),
        );
    }
    differences
}

fn revision(workspace: &Workspace) -> Option<String> {
    let git = |arguments: &[&str]| {
        said(
            Command::new("git")
                .arg("-C")
                .arg(&workspace.root)
                .args(arguments),
        )
    };
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"])
        .is_some_and(|text| !text.is_empty());
    Some(if dirty {
        format!("{revision} with changes")
    } else {
        revision
    })
}

fn operating_system() -> String {
    let name = rustix::system::uname();
    format!(
        "{} {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy()
    )
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
        .or_else(|| said(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"])))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
