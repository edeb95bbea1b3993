//! Types and futures read from binaries, held against the compiler's own listing (`-Zprint-type-sizes`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Name and size, the name in a spelling that both listings can be brought into.
type Listed = BTreeMap<(String, u64), usize>;

/// Least size of a type that is no future.
const LEAST: u64 = 128;

/// What the compiler lists: futures, and other types of at least [`LEAST`] bytes that are no wrappers of the standard
/// library.
fn listed(text: &str) -> (Listed, Listed) {
    let (mut futures, mut others) = (Listed::new(), Listed::new());
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("print-type-size type: `"));
    for line in lines {
        let (name, rest) = line.split_once("`: ").expect("a name and its size");
        let size = rest.split(' ').next().and_then(|size| size.parse().ok());
        let size: u64 = size.expect("a size");
        let is_future = ["{async fn body", "{async block@", "{async closure body"]
            .iter()
            .any(|start| name.starts_with(start));
        let name = common(name);
        if is_future {
            *futures.entry((name, size)).or_default() += 1;
        } else if size >= LEAST && !is_wrapper(&name) {
            *others.entry((name, size)).or_default() += 1;
        }
    }
    (futures, others)
}

/// They wrap a value that is listed itself, and rarely become a variable.
fn is_wrapper(name: &str) -> bool {
    let wrappers = ["ManuallyDrop<", "MaybeDangling<", "MaybeUninit<"];
    wrappers.iter().any(|wrapper| name.starts_with(wrapper))
}

fn found(table: &TypeTable) -> Listed {
    let mut found = Listed::new();
    for layout in &table.types {
        *found
            .entry((common(&layout.name), layout.size))
            .or_default() += 1;
    }
    found
}

/// Without the crate of the program and the modules of the standard library; closures and blocks by what they are.
///
/// The compiler writes `{async fn body of a::b<T>()}`, `{closure@file:line:column}` and `std::vec::Vec`, debug info
/// `a::b::{async_fn_env#0}<T>`, `a::{closure_env#0}` and `alloc::vec::Vec`.
fn common(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("{async fn body of ") {
            let end = matching(after, '{', '}');
            let path = after[..end].trim_end_matches("()");
            out.push_str("async fn ");
            out.push_str(&common(path));
            rest = &after[(end + 1).min(after.len())..];
        } else if first == '{' {
            let end = matching(&rest[1..], '{', '}') + 1;
            let word = &rest[1..end];
            out.push_str(if word.starts_with("async block") {
                "async block"
            } else {
                "closure"
            });
            rest = &rest[(end + 1).min(rest.len())..];
        } else if let Some((word, after)) = ["async block in ", "async closure in ", "closure in "]
            .iter()
            .find_map(|word| Some((*word, rest.strip_prefix(word)?)))
        {
            out.push_str(if word.starts_with("async block") {
                "async block"
            } else {
                "closure"
            });
            let end = after
                .find(|char: char| !is_path(char))
                .unwrap_or(after.len());
            rest = &after[end..];
            if rest.starts_with('<') {
                rest = &rest[(matching(&rest[1..], '<', '>') + 2).min(rest.len())..];
            }
        } else if is_path(first) {
            let end = rest.find(|char: char| !is_path(char)).unwrap_or(rest.len());
            let path = &rest[..end];
            let path = path.strip_prefix("edit::").unwrap_or(path);
            let of_std = ["std::", "core::", "alloc::"]
                .iter()
                .any(|start| path.starts_with(start));
            let last = path.rsplit("::").next().unwrap_or(path);
            out.push_str(if of_std { last } else { path });
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.replace("::<", "<")
}

fn is_path(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == ':'
}

/// Where the bracket that was opened before `text` is closed.
fn matching(text: &str, open: char, close: char) -> usize {
    let mut depth = 1;
    for (at, char) in text.char_indices() {
        depth += i32::from(char == open) - i32::from(char == close);
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// How many of `wanted` are there, and what is missing.
fn missing(wanted: &Listed, found: &Listed) -> Vec<String> {
    let is_there = |name: &str, size: u64| {
        let mut names = spellings(name).into_iter();
        names.any(|name| found.contains_key(&(name, size)))
    };
    wanted
        .keys()
        .filter(|(name, size)| !is_there(name, *size))
        .map(|(name, size)| format!("{name}: {size} B"))
        .collect()
}

/// A method as the compiler writes it, and as debug info has it: all arguments at the end, and the type, or for a
/// trait's default method the trait with the type as its argument.
fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![name.to_owned()];
    let Some(path) = name.strip_prefix("async fn ") else {
        return spellings;
    };
    if let Some(qualified) = path.strip_prefix('<') {
        let end = matching(qualified, '<', '>');
        let (head, method) = (&qualified[..end], &qualified[end + 1..]);
        if let Some((own, of_trait)) = head.split_once(" as ") {
            spellings.push(arguments_last(&format!("{own}{method}")));
            let (plain, arguments) = apart(&format!("{of_trait}{method}"));
            let arguments = [vec![own.to_owned()], arguments].concat().join(", ");
            spellings.push(format!("async fn {plain}<{arguments}>"));
        }
    } else {
        spellings.push(arguments_last(path));
    }
    spellings
}

fn arguments_last(path: &str) -> String {
    let (plain, arguments) = apart(path);
    if arguments.is_empty() {
        return format!("async fn {plain}");
    }
    format!("async fn {plain}<{}>", arguments.join(", "))
}

/// A path without arguments, and the arguments of all its segments.
fn apart(path: &str) -> (String, Vec<String>) {
    let (mut plain, mut arguments) = (String::new(), Vec::new());
    let mut rest = path;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        let end = start + 1 + matching(&rest[start + 1..], '<', '>');
        arguments.push(rest[start + 1..end].to_owned());
        rest = &rest[(end + 1).min(rest.len())..];
    }
    plain.push_str(rest);
    (plain, arguments)
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
                let (futures, others) = listed(&text);
                let table = read(&executable, 1).expect("it has debug info");
                let found = found(&table);
                let name = source
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .expect("it is ours");
                let missing = (missing(&futures, &found), missing(&others, &found));
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
