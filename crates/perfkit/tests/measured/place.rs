//! A workspace with workloads, and the command to build them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program::Program;

/// A workspace. All share one target directory, where the tests' runs are stored; what is compiled is linked into it
/// from this repository's own.
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    /// The workspace in this folder.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// This repository, with its reference workloads.
    pub(crate) fn repository() -> Self {
        Self::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    /// `cargo perfkit` with these arguments, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ordinary(&cargo_perfkit().display().to_string());
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target())
            // No baseline is to be judged here.
            .env("PERFKIT_BASELINES", target().join("no-baselines"));
        command
    }

    /// A bench target, built as the command builds it.
    pub(crate) fn program(&self, bench: &str) -> Program {
        // All targets at once, as `run` builds them: a choice of packages may switch features of dependencies.
        run(&mut self.command(&["list"]));
        Program::new(newest_bench(&target(), bench))
    }
}

/// The bench target that the command built last into this target directory.
pub(crate) fn newest_bench(target: &Path, bench: &str) -> PathBuf {
    let bench = bench.replace('-', "_");
    let built = entries(&target.join("perfkit"))
        .into_iter()
        .filter(|path| path.display().to_string().contains("/build-"))
        .flat_map(|path| entries(&path.join("release/deps")))
        .filter(|path| path.extension().is_none())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Cargo's hash is the rest.
            name.rsplit_once('-').is_some_and(|(stem, _)| stem == bench)
        });
    // Other settings of an earlier day have left other binaries behind.
    let newest = built.max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok());
    newest.expect("the command built it")
}

/// A program without the variables that cargo and its caller have set for this one.
pub(crate) fn ordinary(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let of_cargo = ["PERFKIT_", "RUST", "CARGO", "MALLOC_"];
        let needed = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME"];
        if of_cargo.iter().any(|prefix| name.starts_with(prefix))
            && !needed.contains(&name.as_str())
        {
            command.env_remove(name);
        }
    }
    command
}

/// Where the bench targets are built.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("measured")
}

/// The command, built as its alias builds it, once the workloads are built and linked to.
fn cargo_perfkit() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
        run(ordinary(env!("CARGO"))
            .args(["build", "--quiet", "--release"])
            .args(["--package", "cargo-perfkit", "--bin", "cargo-perfkit"])
            .arg("--target-dir")
            .arg(&shared)
            .current_dir(env!("CARGO_MANIFEST_DIR")));
        let command = shared.join("release/cargo-perfkit");
        run(ordinary(&command.display().to_string())
            .args(["list", "--quiet"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_TARGET_DIR", &shared));
        link_builds(&shared.join("perfkit"), &target().join("perfkit"));
        command
    })
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("what is run was found before");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn link_builds(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("there is room for a folder");
    for build in entries(from) {
        let name = build.file_name().unwrap_or_default();
        if !name.to_string_lossy().starts_with("build-") {
            continue;
        }
        let link = to.join(name);
        if link.is_dir() && !link.is_symlink() {
            std::fs::remove_dir_all(&link).expect("it is the tests' own");
        }
        if !link.exists() {
            let build = build.canonicalize().expect("it was just listed");
            std::os::unix::fs::symlink(build, link).expect("links can be made");
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
