//! Types and futures read from binaries, held against the compiler's own listing (`-Zprint-type-sizes`).

mod listing;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use listing::{Listed, Scope, found, listed, missing};
use perfkit_debuginfo::types::{self, Options, ReadError};
use perfkit_model::layout::TypeTable;

/// Programs to read: both sides of all edits.
fn programs() -> Vec<PathBuf> {
    let edits = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edits");
    let mut programs: Vec<PathBuf> = std::fs::read_dir(edits)
        .expect("the edits are there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.is_dir())
        .flat_map(|folder| [folder.join("before.rs"), folder.join("after.rs")])
        .collect();
    programs.sort();
    programs
}

fn compile(source: &Path, executable: &Path, options: &[&str]) -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-name=edit", "-Copt-level=3"])
        .args(["-Csymbol-mangling-version=v0", "-Awarnings"])
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(executable)
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .expect("rustc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", source.display());
    String::from_utf8(output.stdout).expect("rustc prints text")
}

fn read(executable: &Path, least: u64) -> Result<TypeTable, ReadError> {
    let options = Options {
        least,
        root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        threads: 2,
    };
    types::read(executable, &options).map(|types| types.table)
}

#[test]
fn sizes_are_those_the_compiler_lists() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let programs = programs();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results = std::thread::scope(|scope| {
        let worker = || {
            let mut results = Vec::new();
            loop {
                let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(source) = programs.get(index) else {
                    return results;
                };
                let executable = folder.path().join(index.to_string());
                // Another way to generate code for each: it changes neither types nor what is said of them.
                let ways = [
                    "-Clto=fat",
                    "-Ccodegen-units=1",
                    "-Copt-level=s",
                    "-Cdwarf-version=5",
                    "-Copt-level=1",
                ];
                let way = ways[index % ways.len()];
                let options = ["-Cdebuginfo=2", "-Zprint-type-sizes", way];
                let text = compile(source, &executable, &options);
                let scopes = [Scope {
                    own: "edit",
                    crates: &BTreeSet::new(),
                    keeps_modules: true,
                }];
                let (futures, others) = listed(&text, &scopes);
                let table = read(&executable, 1).expect("it has debug info");
                let found = found(&table, &scopes);
                let name = source
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .expect("it is ours");
                let missing = |wanted: &Listed| -> Vec<String> {
                    let missing = missing(wanted, &found).into_iter();
                    missing
                        .map(|(size, names)| format!("{}: {size} B", names[0]))
                        .collect()
                };
                let missing = (missing(&futures), missing(&others));
                results.push((name.to_owned(), futures.len(), others.len(), missing));
            }
        };
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers
            .map(|worker| worker.join().expect("no worker panics"))
            .concat()
    });
    let (mut futures, mut others, mut lost) = (0, 0, 0);
    let mut lost_futures = Vec::new();
    for (program, own_futures, own_others, (without_futures, without_others)) in results {
        futures += own_futures;
        others += own_others;
        lost += without_others.len();
        for name in &without_others {
            eprintln!("{}: not found: {name}", program.display());
        }
        lost_futures.extend(
            without_futures
                .into_iter()
                .map(|name| format!("{}: {name}", program.display())),
        );
    }
    eprintln!(
        "{futures} futures, {} missing; {others} other types, {lost} missing",
        lost_futures.len()
    );
    assert_eq!(lost_futures, Vec::<String>::new());
    assert!(futures > 200, "only {futures} futures were compared");
    assert!(lost * 50 <= others, "{lost} of {others} types are missing");
}

/// A program with a future.
fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edits/15-buffer-two-deep/after.rs")
}

#[test]
fn a_build_without_types_says_which_setting_to_change() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (options, expected) in [
        (vec!["-Cdebuginfo=0", "-Cstrip=symbols"], "strip"),
        (vec!["-Cdebuginfo=1"], "debug = 2"),
        (
            vec!["-Cdebuginfo=2", "-Csplit-debuginfo=unpacked"],
            "split-debuginfo",
        ),
        (
            vec![
                "-Cdebuginfo=2",
                "-Csplit-debuginfo=packed",
                "-Cdwarf-version=5",
            ],
            "split-debuginfo",
        ),
    ] {
        let executable = folder.path().join("program");
        compile(&program(), &executable, &options);
        let error = read(&executable, 1).expect_err(expected);
        let hint = error.hint().expect("there is something to do");
        assert!(hint.contains(expected), "{options:?}: {error}: {hint}");
    }
    let source = read(&program(), 1).expect_err("a source file is no binary");
    assert!(matches!(source, ReadError::NotABinary { .. }));
    let folder = read(folder.path(), 1).expect_err("a folder is no file");
    assert!(matches!(folder, ReadError::Unreadable { .. }));
}

#[test]
fn damage_is_no_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let executable = folder.path().join("program");
    compile(
        &program(),
        &executable,
        &["-Cdebuginfo=2", "-Cpanic=abort", "-Copt-level=s"],
    );
    let whole = std::fs::read(&executable).expect("it was just written");
    let damaged = folder.path().join("damaged");
    // Numbers from a linear congruential generator (Knuth, MMIX), so that every run tries the same.
    let mut state: u64 = 7;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (start, length) = debug_sections(&whole);
    for round in 0..24 {
        let mut bytes = whole.clone();
        match round % 3 {
            0 => bytes.truncate(random(whole.len())),
            1 => bytes[start + random(length)] ^= 1 << random(8),
            _ => {
                for _ in 0..200 {
                    bytes[start + random(length)] = random(256) as u8;
                }
            }
        }
        std::fs::write(&damaged, &bytes).expect("there is room");
        // Whatever is said of it, it is said.
        drop(read(&damaged, 1));
    }
}

/// Offset and length of the part of the file that holds `.debug_abbrev`, `.debug_info` and `.debug_str`.
fn debug_sections(bytes: &[u8]) -> (usize, usize) {
    use object::{Object as _, ObjectSection as _};
    let object = object::File::parse(bytes).expect("cargo built a program");
    let ranges = [".debug_abbrev", ".debug_info", ".debug_str"].map(|name| {
        let section = object.section_by_name(name).expect("it has debug info");
        section.file_range().expect("it is in the file")
    });
    let start = ranges
        .iter()
        .map(|range| range.0)
        .min()
        .expect("there are three");
    let end = ranges
        .iter()
        .map(|range| range.0 + range.1)
        .max()
        .expect("there are three");
    (start as usize, (end - start) as usize)
}
