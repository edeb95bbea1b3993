//! What the compiler is and can do.

use std::path::PathBuf;
use std::process::Command;

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
    let program = program();
    let output = Command::new(&program)
        .arg("-vV")
        .output()
        .with_context(|| {
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
        annotates_moves: annotates_moves(&program),
    })
}

fn program() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}

/// The flag is unstable; whether this compiler has it is told by trying.
fn annotates_moves(program: &std::path::Path) -> bool {
    Command::new(program)
        .args([wrapper::ANNOTATE_FLAG, "--print=sysroot"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .is_ok_and(|output| output.status.success())
}
