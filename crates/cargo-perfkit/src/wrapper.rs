//! The compiler wrapper: this same binary, called by cargo in place of rustc.
//!
//! A `RUSTFLAGS` variable would override every configuration file of the user. A wrapper adds flags and takes
//! none away. It is set as wrapper of all crates and of workspace crates; for a workspace crate cargo calls
//! `wrapper wrapper rustc …`, which is how the two are told apart with one process.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::{compiler_listing, link_orders};

/// Tells this binary to act as rustc, and by which path cargo calls it.
pub(crate) const WRAPPER_VARIABLE: &str = "PERFKIT_ACT_AS_RUSTC";
/// Whether to annotate moves in workspace crates.
pub(crate) const ANNOTATE_VARIABLE: &str = "PERFKIT_WRAPPER_ANNOTATE";
/// Folder for what rustc prints of the types of workspace crates.
pub(crate) const LISTING_VARIABLE: &str = "PERFKIT_WRAPPER_LISTING";
/// The user's own wrapper of all crates.
pub(crate) const CHAINED_VARIABLE: &str = "PERFKIT_WRAPPER_CHAINED";
/// The user's own wrapper of workspace crates.
pub(crate) const CHAINED_WORKSPACE_VARIABLE: &str = "PERFKIT_WRAPPER_CHAINED_WORKSPACE";

/// Flags of every crate: without frame pointers two thirds of the stacks are garbage, and only v0 names carry
/// the generic arguments that name a moved type.
pub(crate) const FLAGS: [&str; 2] = ["-Cforce-frame-pointers=yes", "-Csymbol-mangling-version=v0"];

/// Marks each move with the type that is moved. Unstable (rust-lang/rust#148197).
pub(crate) const ANNOTATE_FLAG: &str = "-Zannotate-moves";

/// Puts a link to this binary into `folder`. Cargo builds everything anew when a wrapper's path changes, and the
/// path of this binary differs between installations, versions and profiles.
pub(crate) fn link(folder: &Path) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("failed to find the path of cargo-perfkit itself")?;
    let link = folder.join("cargo-perfkit");
    if std::fs::read_link(&link).is_ok_and(|target| target == own) {
        return Ok(link);
    }
    let renamed = folder.join(".cargo-perfkit");
    drop(std::fs::remove_file(&renamed));
    std::os::unix::fs::symlink(&own, &renamed)
        .and_then(|()| std::fs::rename(&renamed, &link))
        .with_context(|| format!("failed to write {}", link.display()))?;
    Ok(link)
}

/// Runs rustc if cargo called this binary as its wrapper.
pub(crate) fn run_as_rustc() -> Option<ExitCode> {
    let called = std::env::var_os(WRAPPER_VARIABLE)?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let is_workspace = *arguments.first()? == called;
    let (rustc, rest) = if is_workspace {
        arguments.get(1..)?
    } else {
        &arguments[..]
    }
    .split_first()?;
    Some(replace_with(&mut command(rustc, rest, is_workspace)))
}

fn command(rustc: &OsStr, arguments: &[OsString], is_workspace: bool) -> Command {
    let chained = |variable| std::env::var_os(variable).filter(|wrapper| !wrapper.is_empty());
    let mut words: Vec<OsString> = chained(CHAINED_VARIABLE).into_iter().collect();
    words.extend(chained(CHAINED_WORKSPACE_VARIABLE).filter(|_| is_workspace));
    words.push(rustc.to_owned());

    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(arguments).args(FLAGS);
    if is_workspace && std::env::var_os(ANNOTATE_VARIABLE).is_some() {
        // Only for this one call: build scripts that probe for a nightly compiler must not see one.
        command.arg(ANNOTATE_FLAG).env("RUSTC_BOOTSTRAP", "1");
    }
    let listing = std::env::var_os(LISTING_VARIABLE).filter(|_| is_workspace);
    let listing = listing.and_then(|folder| compiler_listing::file(Path::new(&folder), arguments));
    // Without a place to write to, the crate is only checked, and its futures are not listed.
    if let Some(file) = listing.and_then(|path| File::create(path).ok()) {
        command
            .arg(compiler_listing::FLAG)
            .env("RUSTC_BOOTSTRAP", "1")
            .stdout(file);
    }
    let linker = linker(arguments).unwrap_or(link_orders::DEFAULT_LINKER.into());
    if let Some(own) = std::env::var_os(WRAPPER_VARIABLE).filter(|_| is_workspace)
        && is_program(arguments)
        && is_driver(&linker)
    {
        let mut flag = OsString::from("-Clinker=");
        flag.push(own);
        command.arg(flag).env(link_orders::LINKER_VARIABLE, linker);
    }
    command.env_remove(WRAPPER_VARIABLE);
    command
}

/// Whether this call links a program for Linux that is not a build script.
fn is_program(arguments: &[OsString]) -> bool {
    let value = |flag: &str| {
        let position = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(position + 1)?.to_str()
    };
    // A bench target without the standard harness has no crate type, which is the same as `bin`.
    let is_binary = value("--crate-type").is_none_or(|kind| kind == "bin");
    let is_crate = value("--crate-name").is_some_and(|name| !name.starts_with("build_script"));
    let is_linux = match value("--target") {
        Some(target) => target.contains("-linux-"),
        None => cfg!(target_os = "linux"),
    };
    is_binary && is_crate && is_linux
}

/// The linker that the user chose.
fn linker(arguments: &[OsString]) -> Option<OsString> {
    let words = arguments.iter().filter_map(|argument| argument.to_str());
    let chosen = |word: &str| {
        let word = word.strip_prefix("-C").unwrap_or(word);
        word.strip_prefix("linker=").map(OsString::from)
    };
    words.filter_map(chosen).next_back()
}

/// Whether this is a compiler that calls a linker, going by its name as rustc does. To a linker itself, such as `rust-lld`,
/// rustc speaks another language, and it would not know that ours hides one.
fn is_driver(linker: &OsStr) -> bool {
    let stem = Path::new(linker).file_stem().unwrap_or_default();
    !stem.to_string_lossy().ends_with("ld")
}

#[expect(clippy::print_stderr, reason = "cargo shows a wrapper's stderr")]
fn replace_with(command: &mut Command) -> ExitCode {
    let error = command.exec();
    eprintln!(
        "cargo-perfkit as rustc wrapper: failed to run {}: {error}",
        command.get_program().display()
    );
    ExitCode::FAILURE
}
