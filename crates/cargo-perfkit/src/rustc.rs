//! What the compiler is and can do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::failure::Failure;
use crate::{cargo_config, wrapper};

/// The compiler cargo will use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rustc {
    /// First line of `rustc -vV`: `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(crate) version: String,
    /// Host triple.
    pub(crate) host: String,
    /// Whether it can annotate moves with their type.
    pub(crate) annotates_moves: bool,
}

impl Rustc {
    /// The triple that is built for: the one that was chosen, or that cargo's configuration names, or this machine's.
    pub(crate) fn triple(&self, chosen: Option<&str>, workspace: &Path) -> String {
        let wanted = chosen
            .map(str::to_owned)
            .or_else(|| cargo_config::triple(workspace));
        match wanted.as_deref() {
            None | Some("host-tuple") => self.host.clone(),
            // A description of one: cargo calls it by the name of the file.
            Some(file) if file.ends_with(".json") => Path::new(file)
                .file_stem()
                .map_or_else(|| "unknown".to_owned(), |stem| stem.display().to_string()),
            Some(triple) => triple.to_owned(),
        }
    }

    /// Whether there is a standard library for this triple. One that rustc does not know is left to cargo to explain, as is
    /// one described by a file.
    pub(crate) fn has(&self, triple: &str) -> bool {
        if triple == self.host || cargo_config::builds_std() {
            return true;
        }
        let mut command = Command::new(program());
        command.args(["--print=target-libdir", "--target", triple]);
        match command.stderr(Stdio::null()).output() {
            Ok(output) if output.status.success() => {
                Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
            }
            _ => true,
        }
    }

    /// Fails where there is none.
    pub(crate) fn check(&self, triple: &str) -> Result<(), Failure> {
        if self.has(triple) {
            return Ok(());
        }
        Err(Failure::usage(format!("the target `{triple}` is not installed")).hint(install(triple)))
    }
}

/// What to do about a target that is not there.
pub(crate) fn install(triple: &str) -> String {
    format!("`rustup target add {triple}` installs its standard library")
}

fn program() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}

/// Asks the compiler.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn ask() -> anyhow::Result<Rustc> {
    let program = program();
    let question = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env("RUSTC_BOOTSTRAP", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    };
    let version = question(&["-vV"]);
    // The flag is unstable; whether this compiler has it is told by trying.
    let annotating = question(&[wrapper::ANNOTATE_FLAG, "--print=sysroot"]);
    let output = version.and_then(Child::wait_with_output);
    let output = output.with_context(|| {
        Failure::new(format!("failed to run {}", program.display()))
            .hint("install Rust from https://rustup.rs")
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    Ok(Rustc {
        version: text.lines().next().unwrap_or("unknown").to_owned(),
        host: field("host:").unwrap_or("unknown").to_owned(),
        annotates_moves: annotating
            .and_then(Child::wait_with_output)
            .is_ok_and(|output| output.status.success()),
    })
}
