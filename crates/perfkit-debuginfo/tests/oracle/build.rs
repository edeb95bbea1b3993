//! Builds a program, and keeps what the compiler lists of the types of each of its crates.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What to build.
pub(crate) struct Program<'a> {
    /// Folder of the build, for no other program.
    pub(crate) name: &'a str,
    /// The package's or workspace's manifest, from this package's folder.
    pub(crate) manifest: &'a str,
    /// Which target of which package.
    pub(crate) target: &'a [&'a str],
    /// The crate of that target.
    pub(crate) krate: &'a str,
}

/// A program with the listings of its crates.
pub(crate) struct Built {
    pub(crate) executable: PathBuf,
    /// Crate and listing, the program's own crate last.
    pub(crate) listings: Vec<(String, String)>,
}

/// Builds as `cargo bench` does, with debug info for all crates.
pub(crate) fn build(program: &Program<'_>) -> Built {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(program.manifest);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program.name);
    let listings = folder.join("listings");
    std::fs::create_dir_all(&listings).expect("there is room for a folder");
    // Where the sources cannot be had, the build says which one is missing.
    drop(
        cargo(&["fetch", "--locked"])
            .arg("--manifest-path")
            .arg(&manifest)
            .output(),
    );
    let output = cargo(&["build", "--locked", "--offline", "--profile=bench"])
        .args(["--config=profile.bench.debug=2", "--message-format=json"])
        .args(program.target)
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(folder.join("target"))
        .env("RUSTC_WRAPPER", wrapper())
        .env("LISTINGS", &listings)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let messages = String::from_utf8(output.stdout).expect("cargo prints text");
    let artifacts: Vec<Value> = messages
        .lines()
        .map(|line| serde_json::from_str(line).expect("cargo prints JSON"))
        .filter(is_linked)
        .collect();
    let executable = artifacts
        .iter()
        .find_map(|artifact| artifact["executable"].as_str())
        .expect("one target is a program");
    let mut read: Vec<(String, String)> = artifacts
        .iter()
        .filter_map(library)
        .map(|(krate, stem)| (krate, text(&listings.join(stem))))
        .collect();
    read.push((program.krate.to_owned(), newest(&listings, program.krate)));
    Built {
        executable: PathBuf::from(executable),
        listings: read,
    }
}

fn wrapper() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/list-types")
}

/// Without the variables that cargo and its caller have set for this test.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let needed = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME"];
        let of_the_caller = ["PERFKIT_", "RUST", "CARGO"];
        let is_of_the_caller = of_the_caller.iter().any(|prefix| name.starts_with(prefix));
        if is_of_the_caller && !needed.contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Crates that only help to build have no debug info.
fn is_linked(message: &Value) -> bool {
    message["reason"] == "compiler-artifact" && message["profile"]["debuginfo"] == 2
}

/// Crate of a library, and the name of its listing: `libbytes-f86863e5.rlib` has `bytes-f86863e5`.
fn library(artifact: &Value) -> Option<(String, String)> {
    let files = artifact["filenames"].as_array()?;
    let file = files.iter().filter_map(Value::as_str);
    let file = file.map(Path::new).find(|file| {
        let extension = file.extension().unwrap_or_default();
        extension == "rlib"
    })?;
    let stem = file.file_stem()?.to_str()?.strip_prefix("lib")?;
    let (krate, _) = stem.rsplit_once('-')?;
    Some((krate.to_owned(), stem.to_owned()))
}

/// Cargo does not tell the suffix of a program. A library of that name was built before it, and other toolchains of
/// an earlier day have left other listings behind.
fn newest(listings: &Path, krate: &str) -> String {
    let files = std::fs::read_dir(listings).expect("it was just made");
    let files = files.flatten().map(|entry| entry.path());
    let own = files.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The rest is the suffix.
        name.rsplit_once('-').is_some_and(|(stem, _)| stem == krate)
    });
    let newest = own.max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok());
    text(&newest.expect("the program was compiled"))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
