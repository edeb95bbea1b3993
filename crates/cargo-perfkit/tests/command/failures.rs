//! Workloads that fail: reported with their stderr, and the others are measured.

use std::fs;

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, files};

/// One good workload beside the failing ones: it has to be measured each time.
fn run(workload: &str, more: &[&str]) -> crate::outcome::Outcome {
    let sandbox = Sandbox::service().built().with("PERFKIT_TIME_LIMIT", "1");
    let arguments = [&["run", workload, "orders", "--lens", "heap"], more].concat();
    sandbox.perfkit(&arguments)
}

#[test]
fn a_workload_that_panics() {
    assert_snapshot!(run("panics", &["--variant", "all"]).text());
}

#[test]
fn a_workload_that_exits() {
    assert_snapshot!(run("exits", &[]).text());
}

#[test]
fn a_workload_that_aborts() {
    assert_snapshot!(run("aborts", &[]).text());
}

#[test]
fn a_workload_that_overflows_its_stack() {
    assert_snapshot!(run("overflows", &[]).text());
}

#[test]
fn a_workload_that_hangs() {
    assert_snapshot!(run("hangs", &[]).text());
}

#[test]
fn a_workload_that_answers_wrong() {
    assert_snapshot!(run("answers-wrong", &[]).text());
}

#[test]
fn a_workload_that_prints_megabytes() {
    let outcome = run("prints", &["--variant", "all"]);
    assert_snapshot!(outcome.text());
    let report = outcome.stdout.len() + outcome.stderr.len();
    assert!(report < 16_000, "{report} bytes were printed");
}

#[test]
fn a_workload_that_leaves_children() {
    assert_snapshot!(run("spawns", &["--variant", "all"]).text());
    for seconds in ["31536001", "31536002"] {
        assert_eq!(sleepers(seconds), Vec::<String>::new());
    }
}

#[test]
fn a_run_with_a_failure_is_no_baseline() {
    let sandbox = Sandbox::service().built();
    let arguments = [
        "run",
        "aborts",
        "orders",
        "--lens",
        "heap",
        "--save-baseline",
        "main",
    ];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
    assert_eq!(
        files(&sandbox.baselines()),
        Vec::<std::path::PathBuf>::new()
    );
}

#[test]
fn a_failure_is_a_failure_also_when_asked_to_judge() {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&["run", "orders", "--lens", "heap", "--save-baseline", "main"]);
    let arguments = ["run", "aborts", "orders", "--lens", "heap", "--gate"];
    assert_eq!(sandbox.perfkit(&arguments).code, Some(1));
}

/// Command lines of processes that sleep for so long. A process that is dead and not yet waited for has none.
fn sleepers(seconds: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("there is /proc").flatten();
    processes
        .filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok())
        .filter(|line| line.contains("sleep") && line.contains(seconds))
        .collect()
}
