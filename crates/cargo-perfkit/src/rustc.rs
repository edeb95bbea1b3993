//! What the compiler is and can do.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::failure::Failure;
use crate::wrapper;

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

/// Asks the compiler.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn ask() -> anyhow::Result<Rustc> {
    let program = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
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
