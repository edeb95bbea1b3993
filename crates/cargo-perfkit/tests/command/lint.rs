//! `cargo perfkit lint`: what grew since the baseline or a revision, in every format.

use insta::assert_snapshot;
use serde_json::Value;

use crate::outcome::Outcome;
use crate::repository::{commit, committed, git};
use crate::sandbox::Sandbox;

const MANIFEST: &str = r#"
[package]
name = "store"
version = "0.1.0"
edition = "2024"

[workspace]
"#;

const MAIN: &str = r#"use std::pin::pin;
use std::task::{Context, Poll, Waker};

use store::serve;

fn main() {
    let mut future = pin!(serve(std::env::args().count()));
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Pending = future.as_mut().poll(&mut context) {}
}
"#;

const LIBRARY: &str = r#"//! Answers from a store.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::task::Poll;

/// What can go wrong.
pub enum StoreError {
    Timeout(u64),
    Corrupt { block: u64 },
}

/// One entry.
pub struct Entry {
    pub key: u64,
    pub value: [u8; 120],
}

/// Waits for one turn.
fn turn() -> impl Future<Output = ()> {
    let mut waited = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

pub async fn load(key: usize) -> Result<Entry, StoreError> {
    let mut entry = Entry { key: key as u64, value: [0; 120] };
    turn().await;
    entry.value[key % 120] = 1;
    if key > 1_000 {
        return Err(StoreError::Corrupt { block: entry.key });
    }
    Ok(entry)
}

pub async fn serve(keys: usize) -> usize {
    let mut found = 0;
    for key in 0..keys {
        match black_box(load(key).await) {
            Ok(entry) => found += entry.value.len(),
            Err(StoreError::Timeout(after)) => found += after as usize,
            Err(StoreError::Corrupt { block }) => found += block as usize,
        }
    }
    found
}

/// Nobody calls it.
pub async fn verify(entry: &Entry) -> bool {
    turn().await;
    entry.value[0] == 0
}
"#;

/// The library with a buffer across an await and a fragment in an error.
fn grown() -> String {
    LIBRARY
        .replace("Corrupt { block: u64 }", "Corrupt { block: u64, fragment: [u8; 600] }")
        .replace(
            "Corrupt { block: entry.key }",
            "Corrupt { block: entry.key, fragment: [1; 600] }",
        )
        .replace("Corrupt { block })", "Corrupt { block, .. })")
        .replace(
            "    let mut found = 0;\n",
            "    let mut found = 0;\n    let mut scratch = black_box([0_u8; 4096]);\n    turn().await;\n    scratch[0] = 1;\n    black_box(&scratch);\n",
        )
}

fn workspace() -> Sandbox {
    Sandbox::of(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", MAIN),
        ("src/lib.rs", LIBRARY),
    ])
}

fn lint(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    sandbox.perfkit(&[&["lint", "--quiet"], more].concat())
}

#[test]
fn growth_since_a_baseline() {
    let sandbox = workspace();
    assert_snapshot!("lint_without_a_baseline", lint(&sandbox, &[]).text());
    assert_eq!(lint(&sandbox, &["--gate"]).code, Some(4));
    assert_snapshot!(
        "lint_save",
        sandbox.perfkit(&["lint", "--save-baseline"]).text()
    );
    assert_snapshot!("lint_same", lint(&sandbox, &["--gate"]).text());

    sandbox.write("src/lib.rs", &grown());
    for format in ["terminal", "json", "markdown", "sarif", "github", "gitlab"] {
        let outcome = lint(&sandbox, &["--format", format]);
        assert_snapshot!(format!("lint_grown_{format}"), outcome.text());
    }
    let written = sandbox.target().join("perfkit/lint/lint.sarif");
    let written = std::fs::read_to_string(written).expect("every format is written");
    assert_eq!(written, lint(&sandbox, &["--format", "sarif"]).stdout);

    sandbox.write(
        "perfkit.toml",
        "[[types]]\npath = \"store::StoreError\"\nlevel = \"warn\"\n\n[[accept]]\n\
         rule = \"held-across-await-grew\"\ntype = \"async fn store::serve\"\n\
         reason = \"the buffer is measured\"\nexpires = \"2999-01-01\"\n",
    );
    assert_snapshot!("lint_accepted", lint(&sandbox, &["--gate"]).text());
    sandbox.write("perfkit.toml", "");

    assert_eq!(lint(&sandbox, &["--save-baseline"]).code, Some(0));
    assert_eq!(lint(&sandbox, &["--gate"]).code, Some(0));
}

#[test]
fn growth_of_what_nobody_calls() {
    let sandbox = workspace();
    sandbox.prepare(&["lint", "--compiler-listing", "--save-baseline"]);
    let larger = LIBRARY.replace(
        "-> bool {\n    turn().await;\n    entry.value[0] == 0",
        "-> bool {\n    let copy = [entry.value; 4];\n    turn().await;\n    copy[0][0] == 0",
    );
    assert_ne!(larger, LIBRARY);
    sandbox.write("src/lib.rs", &larger);
    assert_eq!(lint(&sandbox, &["--gate"]).code, Some(0));
    assert_snapshot!(lint(&sandbox, &["--compiler-listing"]).text());
    // What was listed once is listed again, though cargo has nothing to do.
    assert_eq!(lint(&sandbox, &["--compiler-listing"]).code, Some(3));
}

#[test]
fn fingerprints_stay_where_lines_move() {
    let sandbox = workspace();
    sandbox.prepare(&["lint", "--save-baseline"]);
    let fingerprints = |text: &str| -> Vec<Value> {
        sandbox.write("src/lib.rs", text);
        let outcome = lint(&sandbox, &["--format", "gitlab"]);
        let issues: Value = serde_json::from_str(&outcome.stdout).expect("JSON on stdout");
        let issues = issues.as_array().expect("a list").iter();
        issues.map(|issue| issue["fingerprint"].clone()).collect()
    };
    let first = fingerprints(&grown());
    assert_eq!(first.len(), 2);
    let below = grown().replacen('\n', "\n\n\n\nfn _above() {}\n\n", 1);
    assert_eq!(fingerprints(&below), first);
}

#[test]
fn wrong_use_is_told() {
    let sandbox = workspace();
    for (what, arguments) in [
        ("baseline_that_is_not_there", vec!["--baseline", "mian"]),
        (
            "baseline_of_a_part",
            vec!["--save-baseline", "--package", "store"],
        ),
        ("no_such_targets", vec!["--targets", "examples"]),
        ("no_repository", vec!["--base", "HEAD"]),
    ] {
        assert_snapshot!(format!("lint_{what}"), lint(&sandbox, &arguments).text());
    }
    sandbox.prepare(&["lint", "--save-baseline"]);
    let baseline = sandbox.baseline("main");
    std::fs::write(&baseline, "format = 1\nsaved = 7\n").expect("it can be written");
    assert_snapshot!("lint_damaged_baseline", lint(&sandbox, &[]).text());
    std::fs::write(&baseline, "format = 99\n").expect("it can be written");
    assert_snapshot!("lint_later_baseline", lint(&sandbox, &[]).text());
    assert_snapshot!(
        "lint_list_of_baselines",
        sandbox.perfkit(&["baseline", "list"]).text()
    );
    // What its error advises.
    assert_eq!(lint(&sandbox, &["--save-baseline"]).code, Some(0));
    assert_eq!(lint(&sandbox, &["--gate"]).code, Some(0));
    let shown = sandbox.perfkit(&["baseline", "show"]);
    assert_eq!(
        shown.stdout,
        std::fs::read_to_string(&baseline).expect("it is there")
    );
    sandbox.prepare(&["baseline", "remove", "main"]);
    assert!(!baseline.exists());
}

/// The workspace in a folder of a git repository, committed.
fn repository() -> Sandbox {
    let sandbox = Sandbox::of(&[
        ("service/Cargo.toml", MANIFEST),
        ("service/src/main.rs", MAIN),
        ("service/src/lib.rs", LIBRARY),
        (".gitignore", "Cargo.lock\n.lockfile-of-perfkit\n"),
    ])
    .within("service");
    committed(sandbox)
}

#[test]
fn growth_since_a_revision() {
    let sandbox = repository();
    sandbox.write("service/src/lib.rs", &grown());
    sandbox.write("service/notes.txt", "not committed\n");
    let before = git(&sandbox, &["status", "--porcelain"]);
    let outcome = lint(&sandbox, &["--base", "main", "--format", "github"]);
    let hash = git(&sandbox, &["rev-parse", "main"]);
    let text = outcome.text().replace(&hash[..12], "[COMMIT]");
    assert_snapshot!("lint_since_a_revision", text);
    // Nothing of the user's is touched, and nothing is left.
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), before);
    assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
    assert!(!sandbox.target().join("perfkit/base").exists());

    // A killed run leaves a worktree behind; the next one begins anew.
    let leftover = sandbox.target().join("perfkit/base");
    std::fs::create_dir_all(leftover.join("service")).expect("there is room for a folder");
    std::fs::remove_dir_all(sandbox.target().join("perfkit/types")).expect("types are kept");
    assert_eq!(lint(&sandbox, &["--base", "main"]).code, Some(3));
    assert!(!leftover.exists());

    for (what, revision) in [("unknown", "mian"), ("option", "--all")] {
        let outcome = lint(&sandbox, &[&format!("--base={revision}")]);
        assert_snapshot!(format!("lint_{what}_revision"), outcome.text());
    }
}

#[test]
fn a_revision_that_does_not_build() {
    let sandbox = repository();
    sandbox.write("service/src/lib.rs", "pub async fn serve(");
    commit(&sandbox, "broken");
    sandbox.write("service/src/lib.rs", LIBRARY);
    let outcome = lint(&sandbox, &["--base", "main"]);
    let hash = git(&sandbox, &["rev-parse", "main"]);
    let text = outcome.text().replace(&hash[..12], "[COMMIT]");
    assert_snapshot!(text);
    assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
}
