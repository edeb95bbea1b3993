//! Two sides are compared: variants, baselines, runs, directories and revisions; and commits are searched.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::outcome::Outcome;
use crate::repository::{commit, committed, git};
use crate::sandbox::Sandbox;

/// Lenses whose values are exact.
const EXACT: [&str; 2] = ["--lens", "heap,memcpy"];

fn compare(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    sandbox.perfkit(&[&["compare"], more].concat())
}

#[test]
fn variants_of_one_workload() {
    let sandbox = Sandbox::service().built();
    let sides = [
        "--base",
        "variant:lean",
        "--head",
        "variant:wasteful",
        "orders",
    ];
    let outcome = compare(&sandbox, &[&sides[..], &EXACT].concat());
    assert_snapshot!("compare_variants", outcome.text());
    // The other way round nothing got worse.
    let sides = [
        "--base",
        "variant:wasteful",
        "--head",
        "variant:lean",
        "orders",
    ];
    let outcome = compare(&sandbox, &[&sides[..], &EXACT].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
}

#[test]
fn timings_are_taken_in_turn() {
    let sandbox = Sandbox::service().built();
    let sides = [
        "--base",
        "variant:lean",
        "--head",
        "variant:wasteful",
        "orders",
    ];
    let lens = ["--lens", "time", "--time-budget", "20", "--format", "json"];
    let outcome = compare(&sandbox, &[&sides[..], &lens].concat());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let rows = report["comparison"]["rows"]
        .as_array()
        .expect("there are rows");
    let row = rows
        .iter()
        .find(|row| row["metric"] == "time.cpu")
        .expect("time is one");
    let estimate = &row["estimate"];
    // How long it takes is not for a test; that both sides and the control were measured is.
    assert!(estimate["pairs"].as_u64() >= Some(10), "{row}");
    assert!(
        estimate["low"].as_f64() <= estimate["high"].as_f64(),
        "{row}"
    );
    let rounds = &report["run"]["cases"][0]["interleaved"][0]["rounds"][0];
    for side in ["base", "head", "control"] {
        assert!(rounds[side].as_f64() > Some(0.0), "{rounds}");
    }
    let notes = report["run"]["cases"][0]["passes"].to_string();
    assert!(notes.contains("processes iterated in turns"), "{notes}");
    // Rust brings lld along for x86-64.
    if cfg!(target_arch = "x86_64") {
        let orders = &report["run"]["cases"][0]["interleaved"][0]["orders"];
        assert!(orders.as_u64() >= Some(10), "{orders}: {notes}");
    }
}

/// A workload that cannot run twice at once is timed all the same, and the run says that it was.
#[test]
fn a_workload_that_must_be_alone() {
    let lock = r#"        .set_up(async |_: &Case| {
            let path = std::env::current_exe().expect("it runs").with_extension("only-one");
            let file = std::fs::File::create(path).expect("it can be written");
            file.try_lock().expect("nobody else runs");
            (file, (0..1_000_u64).collect::<Vec<_>>())
        })
        .units(|(_, numbers)| Units::items(numbers.len() as u64))
        .iterate(async |(_, numbers)| tally::tally(numbers))
"#;
    let sandbox = single("alone");
    let bench = sandbox.read("benches/tally.rs");
    let (begin, rest) = bench.split_once("        .set_up").expect("it has one");
    let (_, end) = rest
        .split_once("tally::tally(numbers))\n")
        .expect("it has one");
    sandbox.write("benches/tally.rs", &format!("{begin}{lock}{end}"));
    let here = sandbox.root.display().to_string();
    let sides = ["--base", &here, "--head", &here];
    let lens = ["--lens", "time", "--time-budget", "3", "--format", "json"];
    let outcome = compare(&sandbox, &[&sides[..], &lens].concat());
    assert!(matches!(outcome.code, Some(0 | 4)), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let case = &report["run"]["cases"][0];
    let notes = case["passes"].to_string();
    assert!(notes.contains("processes, one after the other"), "{notes}");
    assert!(notes.contains("nobody else runs"), "{notes}");
    let rounds = case["interleaved"][0]["rounds"].as_array();
    assert!(rounds.is_some_and(|rounds| rounds.len() >= 2), "{case}");
}

/// Somebody's linker is called, and where it cannot shuffle sections the programs are timed as they are.
#[test]
fn a_linker_that_does_not_shuffle() {
    let script = "#!/bin/sh
case \"$*\" in
    *--shuffle-sections*) echo 'my-linker: --shuffle-sections is not known' >&2; exit 1 ;;
esac
exec cc \"$@\"
";
    let sandbox = Sandbox::copy_of("service", "linker").built();
    sandbox.write("my-linker", script);
    let made = Command::new("chmod")
        .arg("+x")
        .arg(sandbox.root.join("my-linker"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let config = format!("[target.{target}]\nlinker = \"./my-linker\"\n");
    sandbox.write(".cargo/config.toml", &config);
    let sides = ["--base", "variant:lean", "--head", "variant:lean", "orders"];
    let lens = ["--lens", "time", "--time-budget", "1", "--format", "json"];
    let outcome = compare(&sandbox, &[&sides[..], &lens].concat());
    assert!(matches!(outcome.code, Some(0 | 4)), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let case = &report["run"]["cases"][0];
    assert_eq!(case["interleaved"][0]["orders"], 1, "{case}");
    let notes = case["passes"].to_string();
    assert!(
        notes.contains("sections failed: my-linker: --shuffle-sections is not known"),
        "{notes}"
    );
}

#[test]
fn stored_sides() {
    let sandbox = Sandbox::service().built();
    let run = ["run", "orders", "--lens", "heap,memcpy", "--variant"];
    sandbox.prepare(&[&run[..], &["lean", "--save-baseline", "lean"]].concat());
    sandbox.prepare(&[&run[..], &["wasteful"]].concat());
    let listed = sandbox.perfkit(&["report", "--list"]).stdout;
    let newest = listed.lines().last().expect("there are runs");
    let sides = ["--base", "lean", "--head", newest];
    let outcome = compare(&sandbox, &sides);
    assert_eq!(outcome.code, Some(3), "{}", outcome.text());
    // A stored side and one that is measured now.
    let sides = ["--base", "baseline:lean", "--variant", "lean", "orders"];
    let outcome = compare(&sandbox, &[&sides[..], &EXACT].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
}

#[test]
fn sides_that_are_not_there() {
    let sandbox = Sandbox::service().built();
    for (name, arguments) in [
        ("unknown", &["--base", "mian"][..]),
        ("baseline", &["--base", "baseline:mian"]),
        ("run", &["--base", "run:20260101-000000"]),
        ("directory", &["--base", "dir:nowhere"]),
        ("revision", &["--base", "rev:main"]),
        (
            "variant",
            &["--base", "variant:leen", "--head", "variant:lean", "orders"],
        ),
        ("missing", &[]),
        ("format", &["--base", "mian", "--format", "svg"]),
    ] {
        assert_snapshot!(
            format!("compare_side_{name}"),
            compare(&sandbox, arguments).text()
        );
    }
}

const MANIFEST: &str = r#"[package]
name = "tally"
version = "0.1.0"
edition = "2024"

[lib]
bench = false

[[bench]]
name = "tally"
harness = false

[dev-dependencies]
perfkit = { path = "LIBRARY" }

[workspace]
"#;

const BENCH: &str = r#"//! Adds numbers up.

use perfkit::{Bench, Case, Units};

perfkit::main!(tally);

fn tally(bench: &mut Bench) {
    bench
        .workload("tally")
        .set_up(async |_: &Case| (0..1_000_u64).collect::<Vec<_>>())
        .units(|numbers| Units::items(numbers.len() as u64))
        .iterate(async |numbers| tally::tally(numbers))
        .check(|_, sum| if *sum == 499_500 { Ok(()) } else { Err(format!("{sum}")) });
}
"#;

const LEAN: &str =
    "/// The sum.\npub fn tally(numbers: &[u64]) -> u64 {\n    numbers.iter().sum()\n}\n";

const WASTEFUL: &str = "/// The sum.\npub fn tally(numbers: &[u64]) -> u64 {\n    \
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();\n    \
    texts.iter().filter_map(|text| text.parse::<u64>().ok()).sum()\n}\n";

/// Commits: begin, a comment, broken, mended, worse, a comment.
fn history() -> Sandbox {
    let manifest = MANIFEST.replace("LIBRARY", &crate::sandbox::library());
    let sandbox = committed(Sandbox::of(&[
        ("Cargo.toml", &manifest),
        ("benches/tally.rs", BENCH),
        ("src/lib.rs", LEAN),
        (".gitignore", "Cargo.lock\n.lockfile-of-perfkit\n"),
    ]))
    .built();
    git(&sandbox, &["tag", "begin"]);
    for (text, message) in [
        (format!("//! Sums.\n\n{LEAN}"), "Say what it is"),
        ("pub fn tally(".to_owned(), "Break it"),
        (format!("//! All sums.\n\n{LEAN}"), "Mend it"),
        (
            format!("//! All sums.\n\n{WASTEFUL}"),
            "Print what is added",
        ),
        (
            format!("//! All sums of numbers.\n\n{WASTEFUL}"),
            "Say more",
        ),
    ] {
        sandbox.write("src/lib.rs", &text);
        commit(&sandbox, message);
    }
    sandbox
}

/// The text without the names of commits, each numbered from the first.
fn without_hashes(sandbox: &Sandbox, text: &str) -> String {
    let commits = git(sandbox, &["rev-list", "--reverse", "HEAD"]);
    let mut text = text.to_owned();
    for (index, commit) in commits.lines().enumerate() {
        text = text.replace(commit, &format!("[COMMIT {index}]"));
        text = text.replace(&commit[..12], &format!("[COMMIT {index}]"));
    }
    regex::Regex::new(r"\d{4}-\d{2}-\d{2}")
        .expect("it is one")
        .replace_all(&text, "[DAY]")
        .into_owned()
}

#[test]
fn revisions_and_the_commit_that_made_it_worse() {
    let sandbox = history();
    sandbox.write("notes.txt", "not committed\n");
    let status = || git(&sandbox, &["status", "--porcelain"]);
    let (before, branch) = (status(), git(&sandbox, &["rev-parse", "HEAD"]));
    let untouched = || {
        assert_eq!(status(), before);
        assert_eq!(git(&sandbox, &["rev-parse", "HEAD"]), branch);
        assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
        for folder in ["base", "head"] {
            assert!(!sandbox.target().join("perfkit").join(folder).exists());
        }
    };

    let outcome = compare(&sandbox, &[&["--base", "begin"][..], &EXACT].concat());
    assert_eq!(outcome.code, Some(3), "{}", outcome.text());
    assert_snapshot!(
        "compare_revision",
        without_hashes(&sandbox, &outcome.redacted(&outcome.stdout))
    );
    untouched();

    // What a killed run left behind is in nobody's way.
    let leftover = sandbox.target().join("perfkit/head");
    std::fs::create_dir_all(leftover.join("src")).expect("there is room for a folder");
    let outcome = sandbox.perfkit(&["bisect", "--good", "begin", "--lens", "heap"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    assert_snapshot!(
        "bisect_found",
        without_hashes(&sandbox, &outcome.redacted(&outcome.stdout))
    );
    untouched();

    let git_bisect = |head: &str| {
        let sides = ["--base", "begin", "--head", head, "--git-bisect"];
        compare(&sandbox, &[&sides[..], &EXACT].concat()).code
    };
    assert_eq!(git_bisect("HEAD~2"), Some(0));
    assert_eq!(git_bisect("HEAD"), Some(1));
    assert_eq!(git_bisect("HEAD~3"), Some(125));
    assert_eq!(git_bisect("nowhere"), Some(128));

    for (name, arguments) in [
        ("does_not_build", &["compare", "--base", "HEAD~3"][..]),
        (
            "good_is_later",
            &["bisect", "--good", "HEAD", "--bad", "begin"],
        ),
        (
            "nothing_worse",
            &[
                "bisect", "--good", "begin", "--bad", "HEAD~4", "--lens", "heap",
            ],
        ),
        ("unknown_good", &["bisect", "--good", "nowhere"]),
    ] {
        let outcome = sandbox.perfkit(arguments);
        assert_snapshot!(
            format!("compare_{name}"),
            without_hashes(&sandbox, &outcome.text())
        );
        untouched();
    }

    // A side of before there were benches, and one that is gone while it is compared.
    git(&sandbox, &["checkout", "--quiet", "--orphan", "other"]);
    git(&sandbox, &["rm", "--quiet", "--cached", "-r", "benches"]);
    let manifest = sandbox.read("Cargo.toml");
    let plain = manifest
        .split("[[bench]]")
        .next()
        .expect("there is a first part");
    sandbox.write("Cargo.toml", &format!("{plain}\n[workspace]\n"));
    git(&sandbox, &["add", "Cargo.toml", "src"]);
    git(
        &sandbox,
        &["commit", "--quiet", "--message", "without benches"],
    );
    sandbox.write("Cargo.toml", &manifest);
    let outcome = compare(&sandbox, &["--base", "other"]);
    let hash = git(&sandbox, &["rev-parse", "other"]);
    let text = outcome.text().replace(&hash[..12], "[COMMIT]");
    assert_snapshot!("compare_side_without_perfkit", text);
}

/// A workspace with one commit and the library of [`history`], in a package of another name: in the build that tests share,
/// packages of one name would take each other's place.
fn single(name: &str) -> Sandbox {
    let manifest = MANIFEST.replace("LIBRARY", &crate::sandbox::library());
    let manifest = manifest.replacen("name = \"tally\"", &format!("name = \"tally-{name}\""), 1);
    let manifest = manifest.replacen("[lib]\n", "[lib]\nname = \"tally\"\n", 1);
    committed(Sandbox::of(&[
        ("Cargo.toml", &manifest),
        ("benches/tally.rs", BENCH),
        ("src/lib.rs", LEAN),
        (".gitignore", "Cargo.lock\n.lockfile-of-perfkit\n"),
    ]))
    .built()
}

#[test]
fn shallow_clones() {
    let sandbox = single("shallow");
    git(&sandbox, &["tag", "begin"]);
    sandbox.write("src/lib.rs", WASTEFUL);
    commit(&sandbox, "Print what is added");
    let origin = format!("file://{}", sandbox.root.display());
    git(
        &sandbox,
        &["clone", "--quiet", "--depth", "1", &origin, "../shallow"],
    );
    let outcome = compare(&sandbox.within("../shallow"), &["--base", "begin"]);
    assert_snapshot!("compare_shallow", outcome.text());
}

#[test]
fn submodules() {
    let sandbox = single("submodules");
    let other = sandbox.root.with_file_name("other");
    let folder = other.display().to_string();
    git(
        &sandbox,
        &["init", "--quiet", "--initial-branch=main", &folder],
    );
    std::fs::write(other.join("sum.rs"), LEAN).expect("there is room for a file");
    git(&sandbox, &["-C", &folder, "add", "--all"]);
    git(
        &sandbox,
        &["-C", &folder, "commit", "--quiet", "--message", "begin"],
    );
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &folder,
        "other",
    ];
    git(&sandbox, &add);
    sandbox.write(
        "src/lib.rs",
        "#[path = \"../other/sum.rs\"]\nmod sum;\npub use sum::tally;\n",
    );
    commit(&sandbox, "Keep it elsewhere");
    // Git does not take submodules from the file system unless somebody allows it.
    let refused = compare(&sandbox, &["--base", "HEAD"]);
    let hash = git(&sandbox, &["rev-parse", "HEAD"]);
    let text = refused.text().replace(&hash[..12], "[COMMIT]");
    assert_snapshot!("compare_submodule_refused", text);
    let sandbox = sandbox
        .with("GIT_CONFIG_COUNT", "1")
        .with("GIT_CONFIG_KEY_0", "protocol.file.allow")
        .with("GIT_CONFIG_VALUE_0", "always");
    let outcome = compare(&sandbox, &[&["--base", "HEAD"][..], &EXACT].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
}

/// The base's program is removed as soon as it was measured for the first time.
#[test]
fn a_side_that_disappears() {
    let sandbox = single("gone");
    let gone = BENCH.replace(
        "async |_: &Case| ",
        "async |_: &Case| { std::fs::remove_file(std::env::current_exe().unwrap()).unwrap(); ",
    );
    let gone = gone.replace("collect::<Vec<_>>())", "collect::<Vec<_>>() })");
    let base = Sandbox::of(&[
        ("Cargo.toml", &sandbox.read("Cargo.toml")),
        ("benches/tally.rs", &gone),
        ("src/lib.rs", LEAN),
    ]);
    let sides = ["--base", &base.root.display().to_string()];
    let outcome = compare(&sandbox, &[&sides[..], &["--lens", "heap,time"]].concat());
    let place = regex::Regex::new(r"sides/[0-9a-f]+/build-[0-9a-f]+/release/deps/tally-[0-9a-f]+");
    let place = place.expect("it is one");
    let text = outcome.text();
    let text = place.replace_all(&text, "sides/[BASE]/tally");
    assert_snapshot!("compare_side_disappears", text);
}

/// A compiler that finds no room for what it writes.
#[test]
fn no_space_for_the_second_build() {
    let sandbox = single("full");
    let full = r#"#!/bin/sh
case "$*" in
    *--crate-name\ tally*) ;;
    *) exec "$@" ;;
esac
printf '%s\n' '{"$message_type":"diagnostic","message":"failed to write output: No space left on device (os error 28)","code":null,"level":"error","spans":[],"children":[],"rendered":"error: failed to write output: No space left on device (os error 28)\n"}' >&2
exit 1
"#;
    sandbox.write("full", full);
    let made = Command::new("chmod")
        .arg("+x")
        .arg(sandbox.root.join("full"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let wrapper = sandbox.root.join("full").display().to_string();
    let sandbox = sandbox.with("RUSTC_WORKSPACE_WRAPPER", &wrapper);
    let outcome = compare(&sandbox, &["--base", "HEAD"]);
    let hash = git(&sandbox, &["rev-parse", "HEAD"]);
    let text = outcome.text().replace(&hash[..12], "[COMMIT]");
    assert_snapshot!("compare_no_space", text);
    assert_eq!(git(&sandbox, &["worktree", "list"]).lines().count(), 1);
}
