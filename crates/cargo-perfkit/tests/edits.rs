//! What an edit does to the sizes of types: every program of the corpus in `perfkit-debuginfo/tests/edits` is built
//! before and after its edit, and what is said to have grown is held against the answer that was written down first.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use perfkit_compare::types::{self, Growth};
use perfkit_debuginfo::types::{Options, read};
use perfkit_model::layout::TypeTable;
use serde::Deserialize;

/// Least size that the answers list.
const LEAST: u64 = 64;
/// Least size of a new type that they list.
const LEAST_NEW: u64 = 1024;

#[derive(Debug, Deserialize)]
struct Expected {
    #[serde(default)]
    grew: Vec<Grew>,
    #[serde(default)]
    new: Vec<New>,
}

#[derive(Debug, Deserialize)]
struct Grew {
    name: String,
    was: Option<String>,
    before: u64,
    after: u64,
    root: bool,
    cause: Option<String>,
    line: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct New {
    name: String,
    size: u64,
}

/// Edits whose answers were written before the code that pairs types.
const EDITS: &str = "edits";
/// Edits that were written later, each set by somebody who knew neither that code nor how it fared.
const LATER_EDITS: [&str; 3] = ["edits-later", "edits-ordinary", "edits-blind"];

fn edits(part: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../perfkit-debuginfo/tests");
    let folder = folder.join(part);
    let mut edits: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the edits are there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.is_dir())
        .collect();
    edits.sort();
    edits
}

/// The types of a program, built with these options.
fn types_of(source: &Path, executable: &Path, options: &[&str]) -> TypeTable {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-name=edit", "-Cdebuginfo=2"])
        .args(["-Csymbol-mangling-version=v0", "-Awarnings"])
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(executable)
        .output()
        .expect("rustc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", source.display());
    let options = Options {
        // What an answer lists may have been smaller.
        least: 1,
        root: source.parent().expect("a file has a folder").to_owned(),
        threads: 1,
    };
    read(executable, &options).expect("it has debug info").table
}

/// Answers leave arguments out where one type of that name is meant, and name a trait's default method by its type.
fn is_named(name: &str, expected: &str) -> bool {
    let plain = |name: &str| name.split('<').next().unwrap_or_default().to_owned();
    if name == expected || (!expected.contains('<') && plain(name) == expected) {
        return true;
    }
    let Some((own, method)) = expected.rsplit_once("::") else {
        return false;
    };
    let own = own.trim_start_matches("async fn ");
    let by_trait = name.strip_suffix(&format!("::{method}<{own}>")).is_some();
    // `async fn edit::session::Session<edit::codec::Json>::send`.
    let without = name.replace(name.split_once('<').map_or("", |(_, rest)| rest), "");
    by_trait || format!("{}::{method}", without.trim_end_matches('<')) == expected
}

/// Differences between what was said and the answer.
fn faults(edit: &Path, before: &TypeTable, after: &TypeTable) -> Vec<String> {
    let text = std::fs::read_to_string(edit.join("expect.toml")).expect("every edit has an answer");
    let expected: Expected = toml::from_str(&text).expect("answers are well formed");
    let crates = BTreeSet::from(["edit".to_owned()]);
    let difference = types::compare(before, after, &crates);
    let mut faults = Vec::new();
    let mut said: Vec<&Growth<'_>> = difference
        .grown
        .iter()
        .filter(|growth| growth.head.size >= LEAST)
        .collect();
    for grew in &expected.grew {
        let found = said.iter().position(|growth| {
            (growth.base.size, growth.head.size) == (grew.before, grew.after)
                && is_named(&growth.head.name, &grew.name)
                && is_named(&growth.base.name, grew.was.as_ref().unwrap_or(&grew.name))
        });
        let Some(growth) = found.map(|found| said.remove(found)) else {
            faults.push(format!(
                "missed: {} {} → {} B",
                grew.name, grew.before, grew.after
            ));
            continue;
        };
        let Some(cause) = &growth.cause else {
            faults.push(format!("no cause: {}", grew.name));
            continue;
        };
        if cause.passed_on == grew.root {
            faults.push(format!("root or not: {} by {}", grew.name, cause.part));
        }
        if grew.root
            && grew
                .cause
                .as_ref()
                .is_some_and(|expected| *expected != cause.part)
        {
            faults.push(format!(
                "cause: {}: {} instead of {:?}",
                grew.name, cause.part, grew.cause
            ));
        }
        let line = cause.place.as_ref().map(|place| place.line);
        if grew.root && grew.line.is_some() && line != grew.line {
            faults.push(format!(
                "line: {}: {line:?} instead of {:?}",
                grew.name, grew.line
            ));
        }
    }
    for growth in said {
        let (base, head) = (growth.base, growth.head);
        faults.push(format!(
            "false: {} → {}, {} → {} B",
            base.name, head.name, base.size, head.size
        ));
    }
    let mut new: Vec<_> = difference
        .new
        .iter()
        .filter(|ty| ty.size >= LEAST_NEW)
        .collect();
    for wanted in &expected.new {
        match new
            .iter()
            .position(|ty| ty.size == wanted.size && is_named(&ty.name, &wanted.name))
        {
            Some(found) => drop(new.remove(found)),
            None => faults.push(format!("missed as new: {} {} B", wanted.name, wanted.size)),
        }
    }
    faults.extend(
        new.iter()
            .map(|ty| format!("false as new: {} {} B", ty.name, ty.size)),
    );
    faults
}

/// Every edit under one of these sets of options, in turn; what was wrong, by edit.
fn judge(part: &str, ways: &[&[&str]]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let edits = edits(part);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut wrong = Vec::new();
        while let Some((index, edit)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|index| Some((index, edits.get(index)?)))
        {
            let options = ways[index % ways.len()];
            let [before, after] = ["before", "after"].map(|side| {
                let executable = folder.path().join(format!("{index}-{side}"));
                types_of(&edit.join(side).with_extension("rs"), &executable, options)
            });
            let name = edit.file_name().unwrap_or_default().to_string_lossy();
            let faults = faults(edit, &before, &after);
            wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
            // Nothing grows between two builds of the same source.
            let again = types::compare(&after, &after, &BTreeSet::from(["edit".to_owned()]));
            if !again.grown.is_empty() || !again.new.is_empty() {
                wrong.push(format!("{name}: differs from itself"));
            }
        }
        wrong
    };
    let mut wrong = std::thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers
            .map(|worker| worker.join().expect("no worker panics"))
            .concat()
    });
    wrong.sort();
    wrong
}

#[test]
fn growth_is_found_and_nothing_else() {
    assert!(edits(EDITS).len() >= 40, "the corpus is not complete");
    assert_eq!(judge(EDITS, &[&["-Copt-level=3"]]), Vec::<String>::new());
}

#[test]
fn growth_is_found_in_later_edits() {
    for part in LATER_EDITS {
        assert!(edits(part).len() >= 12, "{part} is not complete");
        let wrong = judge(part, &[&["-Copt-level=3"]]);
        assert_eq!(wrong, Vec::<String>::new(), "{part}");
    }
}

/// Ways to build that change no type.
const WAYS: [&[&str]; 6] = [
    &["-Copt-level=2", "-Ccodegen-units=1"],
    &["-Copt-level=1", "-Cdebug-assertions=on"],
    &["-Copt-level=3", "-Clto=thin", "-Cdwarf-version=5"],
    &["-Copt-level=s"],
    &["-Copt-level=3", "-Ccodegen-units=1", "-Cpanic=abort"],
    &["-Copt-level=0"],
];

#[test]
fn growth_is_found_under_other_profiles() {
    // Fat link-time optimisation brings the standard library along, and takes as long as all others together.
    let fat: &[&str] = &["-Copt-level=s", "-Clto=fat"];
    let ways = [&[fat], &WAYS[..]].concat();
    assert_eq!(judge(EDITS, &ways), Vec::<String>::new());
    for part in LATER_EDITS {
        assert_eq!(judge(part, &WAYS), Vec::<String>::new(), "{part}");
    }
}
