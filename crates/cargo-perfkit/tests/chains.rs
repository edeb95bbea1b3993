//! What makes futures large: in programs that use the largest async crates among perfkit's dependencies, every future
//! of at least 1 KiB has a chain down to a variable or field with a line that somebody can go to.
//!
//! By bytes of `src`, the five largest packages of Cargo.lock with futures for Linux are tokio, quick-xml,
//! futures-util, criterion and tracing. None has examples in its package, so `fixtures/chains` uses each as its
//! documentation does. Added are indicatif, the next, whose package has an example with tokio, and async-trait, whose
//! futures are in the crates that use it.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use perfkit_compare::anatomy;
use perfkit_debuginfo::types::{Options, read};
use perfkit_model::layout::{Place, Step, TypeLayout};
use serde_json::Value;

/// Bytes from which a future is worth an explanation.
const LEAST: u64 = 1024;

/// The crates, and the modules of the programs that use them.
const CRATES: [(&str, &str); 7] = [
    ("tokio", "chains::tokio_program::"),
    ("quick_xml", "chains::quick_xml_program::"),
    ("futures_util", "chains::futures_util_program::"),
    ("criterion", "chains::criterion_program::"),
    ("tracing", "chains::tracing_program::"),
    ("indicatif", "chains::indicatif_program::"),
    ("async_trait", "chains::async_trait_program::"),
];

#[test]
fn every_large_future_has_a_chain_to_a_line() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chains");
    let program = build(&fixture);
    let sources = Sources::of(&fixture);
    let options = Options {
        least: 1,
        root: fixture.clone(),
        threads: 2,
    };
    let table = read(&program, &options).expect("it has debug info").table;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    for layout in table
        .types
        .iter()
        .filter(|layout| layout.kind.is_future() && layout.size >= LEAST)
    {
        let Some(krate) = krate(layout) else { continue };
        let (all, without) = counts.entry(krate).or_default();
        *all += 1;
        let chain = anatomy::chain(&table, layout);
        if let Err(reason) = sources.check(&chain) {
            *without += 1;
            failures.push(format!(
                "{}: {} B: {reason}: {chain:#?}",
                layout.name, layout.size
            ));
        }
    }
    for (krate, (all, without)) in &counts {
        eprintln!("{krate}: {all} futures of {LEAST} B or more, {without} without a line");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(counts.len(), CRATES.len(), "each program has large futures");
}

/// The crate that a future is of, or that its program uses.
fn krate(layout: &TypeLayout) -> Option<&'static str> {
    let path = layout.name.split('<').next()?;
    let used = |(krate, module): &&(&str, &str)| layout.krate == *krate || path.contains(module);
    CRATES.iter().find(used).map(|(krate, _)| *krate)
}

/// Where the packages of the programs lie.
struct Sources {
    fixture: PathBuf,
    /// Folder of each package by its name: `tokio-1.54.1`.
    packages: BTreeMap<String, PathBuf>,
}

impl Sources {
    fn of(fixture: &Path) -> Self {
        let output = cargo(fixture, "metadata")
            .args(["--format-version=1", "--offline"])
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
        let packages = metadata["packages"].as_array().expect("it has packages");
        let manifests = packages
            .iter()
            .filter_map(|one| one["manifest_path"].as_str());
        let folders = manifests.filter_map(|path| Path::new(path).parent());
        let named = |folder: &Path| {
            let name = folder.file_name()?.to_string_lossy().into_owned();
            Some((name, folder.to_owned()))
        };
        Self {
            fixture: fixture.to_owned(),
            packages: folders.filter_map(named).collect(),
        }
    }

    /// Fields have no lines in debug info: the variable counts that they are part of.
    fn check(&self, chain: &[Step]) -> Result<(), &'static str> {
        let last = chain.last().ok_or("nothing stands out")?;
        if last.name.is_empty() {
            return Err("it ends at a future without a name");
        }
        let mut places = chain.iter().rev().filter_map(|step| step.place.as_ref());
        let place = places.next().ok_or("it has no line")?;
        let (folder, file) = place.file.rsplit_once('/').unwrap_or_default();
        let of_macros = ["select.rs", "join.rs", "try_join.rs", "pin.rs"];
        if folder.ends_with("src/macros") && of_macros.contains(&file) {
            return Err("it ends in a macro of tokio");
        }
        let text = self.text(place).ok_or("its file is none of a package")?;
        let lines = text.lines().count();
        let is_line = (1..=lines).contains(&(place.line as usize));
        is_line.then_some(()).ok_or("its file has no such line")
    }

    fn text(&self, place: &Place) -> Option<String> {
        let package = place.file.split_once('/');
        let package = package.and_then(|(name, rest)| Some(self.packages.get(name)?.join(rest)));
        let path = package.unwrap_or_else(|| self.fixture.join(&place.file));
        std::fs::read_to_string(path).ok()
    }
}

/// The programs, built as `cargo bench` does, with types of all crates.
fn build(fixture: &Path) -> PathBuf {
    // Where the sources cannot be had, the build says which one is missing.
    drop(cargo(fixture, "fetch").output());
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chains");
    let output = cargo(fixture, "build")
        .args([
            "--offline",
            "--profile=bench",
            "--config=profile.bench.debug=2",
            // As perfkit's builds do: symbols of this form tell for which type an `impl` block is.
            "--config=build.rustflags=['-Csymbol-mangling-version=v0']",
            "--target-dir",
        ])
        .arg(&target)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    target.join("release/chains")
}

/// Without the variables that cargo and its caller have set for this test.
fn cargo(fixture: &Path, subcommand: &str) -> Command {
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
    command.args([subcommand, "--locked", "--manifest-path"]);
    command.arg(fixture.join("Cargo.toml"));
    command
}
