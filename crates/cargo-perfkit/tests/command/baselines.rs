//! Baselines: saved whole or not at all, listed, shown, removed, and told apart when they cannot be read.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::sandbox::{Sandbox, files};

/// The bench target whose workloads fail, as the fixture declares it.
const FAILURES: &str = "[[bench]]\nname = \"failures\"\nharness = false\n";

const SAVE: [&str; 6] = ["run", "orders", "--lens", "heap", "--save-baseline", "main"];

fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&SAVE);
    sandbox
}

/// The beginning of a text, this word included.
fn until(text: &str, word: &str) -> String {
    let (before, _) = text.split_once(word).expect("it is there");
    format!("{before}{word}")
}

/// Contents of all files of the baselines' folder.
fn contents(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    files(&sandbox.baselines())
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).expect("files can be read")))
        .collect()
}

#[test]
fn save_list_show_remove() {
    let sandbox = Sandbox::service().built();
    assert_snapshot!(
        "list_of_no_baselines",
        sandbox.perfkit(&["baseline", "list"]).text()
    );
    sandbox.prepare(&["run", "orders", "--lens", "heap"]);
    assert_snapshot!("save", sandbox.perfkit(&["baseline", "save"]).text());
    assert_snapshot!(
        "save_named",
        sandbox.perfkit(&["baseline", "save", "release-1"]).text()
    );
    assert_snapshot!("list", sandbox.perfkit(&["baseline", "list"]).text());
    assert_snapshot!("show", sandbox.perfkit(&["baseline", "show"]).text());
    assert_snapshot!(
        "remove",
        sandbox.perfkit(&["baseline", "remove", "main"]).text()
    );
    assert_eq!(files(&sandbox.baselines()).len(), 2, "the other one stays");
    sandbox.prepare(&["baseline", "remove", "release-1"]);
    assert_eq!(files(&sandbox.baselines()), Vec::<PathBuf>::new());
}

#[test]
fn saving_twice_leaves_one_baseline() {
    let sandbox = with_baseline();
    sandbox.prepare(&[
        "run",
        "orders",
        "--lens",
        "heap,memcpy",
        "--save-baseline",
        "main",
    ]);
    assert_eq!(
        files(&sandbox.baselines()).len(),
        2,
        "a text and its stacks"
    );
}

#[test]
fn a_partial_run_replaces_its_own_cases() {
    let sandbox = with_baseline();
    sandbox.prepare(&["run", "sizes", "--lens", "heap", "--save-baseline", "main"]);
    let shown = sandbox.perfkit(&["baseline", "show"]).stdout;
    let workloads: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("workload") || line.starts_with("arg"))
        .collect();
    assert_snapshot!(workloads.join("\n"));
}

#[test]
fn damaged_baselines() {
    let sandbox = with_baseline();
    let path = sandbox.baseline("main");
    let whole = fs::read_to_string(&path).expect("it was saved");
    for (what, text) in [
        ("half", until(&whole, "build = [")),
        ("empty", String::new()),
        ("foreign", "name = \"something else\"\n".to_owned()),
        ("newer", whole.replace("format = 1", "format = 99")),
        ("binary", "\u{0}\u{1}\u{2}".to_owned()),
    ] {
        fs::write(&path, text).expect("it can be written");
        assert_snapshot!(
            format!("baseline_{what}"),
            sandbox.perfkit(&["run", "orders", "--gate"]).text()
        );
    }
    assert_snapshot!(
        "list_of_a_damaged_baseline",
        sandbox.perfkit(&["baseline", "list"]).text()
    );
    // What cannot be read can be removed, and measured again.
    sandbox.prepare(&["baseline", "remove", "main"]);
    assert_eq!(files(&sandbox.baselines()), Vec::<PathBuf>::new());
    sandbox.prepare(&["baseline", "save", "main"]);
    sandbox.prepare(&["baseline", "show", "main"]);
}

#[test]
fn a_damaged_baseline_is_saved_anew() {
    let sandbox = Sandbox::copy_of("service", "sound").built();
    let manifest = sandbox.read("Cargo.toml");
    sandbox.write("Cargo.toml", &manifest.replace(FAILURES, ""));
    fs::remove_file(sandbox.root.join("benches/failures.rs")).expect("it was copied");
    sandbox.prepare(&SAVE);
    let path = sandbox.baseline("main");
    fs::write(&path, "damaged").expect("it can be written");
    let stacks = sandbox.baselines().join(format!(
        "{}.00000000.stacks.gz",
        path.file_stem().expect("it has a name").to_string_lossy()
    ));
    fs::write(&stacks, "left over").expect("it can be written");
    // A part of the workloads would have to be merged into what cannot be read.
    let part = sandbox.perfkit(&SAVE);
    let whole = sandbox.perfkit(&["run", "--lens", "heap", "--save-baseline", "main"]);
    assert_eq!(whole.code, Some(0));
    assert_snapshot!(
        "a_damaged_baseline_is_saved_anew",
        format!("{}\n{}", part.text(), whole.redacted(&whole.stderr))
    );
    assert!(!stacks.exists());
    sandbox.prepare(&["baseline", "show", "main"]);
}

#[test]
fn samples_of_a_baseline_are_counted_values() {
    let sandbox = with_baseline();
    let path = sandbox.baseline("main");
    let whole = fs::read_to_string(&path).expect("it was saved");
    let allocs = whole
        .lines()
        .find(|line| line.starts_with("\"heap.allocs\""));
    let allocs = allocs.expect("the lens was asked for");
    for (what, samples) in [
        ("seen", "{ 7 = 3, \"7.5\" = 1 }"),
        ("too_many", "{ 7 = 4000000000 }"),
        ("words", "{ seven = 1 }"),
    ] {
        let text = whole.replace(allocs, &format!("\"heap.allocs\" = {samples}"));
        fs::write(&path, text).expect("it can be written");
        assert_snapshot!(
            format!("samples_{what}"),
            sandbox.perfkit(&["baseline", "show", "main"]).text()
        );
    }
}

#[test]
fn a_baseline_without_its_stacks() {
    let sandbox = with_baseline();
    for path in files(&sandbox.baselines()) {
        if path.extension().is_some_and(|extension| extension == "gz") {
            fs::write(path, "no gzip").expect("it can be written");
        }
    }
    let arguments = ["run", "orders", "--lens", "heap", "--gate"];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
}

#[test]
fn a_folder_that_cannot_be_written() {
    let sandbox = Sandbox::service().built();
    // Below a file there is no folder, not even for root.
    let file = sandbox.target().join("a-file");
    fs::write(&file, "").expect("it can be written");
    let sandbox = sandbox.with(
        "PERFKIT_BASELINES",
        &file.join("baselines").display().to_string(),
    );
    assert_snapshot!("baselines_unwritable", sandbox.perfkit(&SAVE).text());
    let sandbox = sandbox.with(
        "CARGO_TARGET_DIR",
        &file.join("target").display().to_string(),
    );
    assert_snapshot!("target_unwritable", sandbox.perfkit(&SAVE).text());
}

#[test]
fn a_write_that_fails_half_way() {
    let sandbox = with_baseline();
    sandbox.prepare(&["run", "orders", "sizes", "--lens", "heap,memcpy"]);
    let before = contents(&sandbox);
    // The largest file a process may write, as on a full disk. The signal that comes with it is ignored.
    let mut command = sandbox.program("sh");
    limited(&mut command, &["baseline", "save", "main"]);
    assert_snapshot!(sandbox.run(command).text());
    assert_eq!(contents(&sandbox), before);
}

fn limited(command: &mut Command, arguments: &[&str]) {
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_cargo-perfkit"))
        .args(arguments);
}

#[test]
fn a_kill_loses_no_baseline() {
    let sandbox = with_baseline();
    // The slowest moment to be killed in is somewhere between the last measurement and the end.
    for step in 0..16 {
        let mut running = sandbox.start(&SAVE);
        running.wait_for("Measured");
        running.go_on_for(Duration::from_micros(1_500 * step));
        running.signal(Signal::KILL);
        running.end();
        let shown = sandbox.perfkit(&["baseline", "show"]);
        assert_eq!(shown.code, Some(0), "step {step}: {}", shown.text());
        assert_eq!(shown.stderr, "", "step {step}: the stacks are there, too");
    }
    // What a killed process may leave, whether or not one of those above did.
    let folders = [sandbox.baselines(), sandbox.target().join("perfkit/report")];
    for folder in &folders {
        fs::write(folder.join(".partial-dead"), "half").expect("it can be written");
    }
    fs::create_dir_all(
        sandbox
            .target()
            .join("perfkit")
            .join("work")
            .join("pass-dead"),
    )
    .expect("there is room");
    sandbox.prepare(&SAVE);
    let left: Vec<PathBuf> = files(&sandbox.baselines())
        .into_iter()
        .chain(files(&sandbox.target()))
        .filter(|path| path.to_string_lossy().contains("/.partial-"))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    let work = fs::read_dir(sandbox.target().join("perfkit/work")).expect("it is there");
    assert_eq!(work.count(), 0);
    assert_eq!(
        files(&sandbox.baselines()).len(),
        2,
        "a text and its stacks"
    );
}
