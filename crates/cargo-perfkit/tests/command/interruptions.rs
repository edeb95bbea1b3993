//! Ctrl-C, and a second `cargo perfkit`.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::sandbox::{Sandbox, files};

const HANG: [&str; 4] = ["run", "hangs", "--lens", "heap"];
const WORK: [&str; 4] = ["run", "orders", "--lens", "heap"];

/// Processes with this text in their environment, as children have that of their request file.
fn processes_of(sandbox: &Sandbox) -> Vec<PathBuf> {
    let target = sandbox.target().display().to_string();
    let processes = fs::read_dir("/proc").expect("there is /proc").flatten();
    processes
        .map(|process| process.path())
        .filter(|process| {
            fs::read(process.join("environ"))
                .is_ok_and(|text| String::from_utf8_lossy(&text).contains(&target))
        })
        .collect()
}

#[test]
fn ctrl_c_while_a_workload_hangs() {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&[&WORK[..], &["--save-baseline", "main"]].concat());
    let before = fs::read(sandbox.baseline("main")).expect("it was saved");
    let runs = sandbox.perfkit(&["report", "--list"]).stdout;

    let mut running = sandbox.start(&[&HANG[..], &["--save-baseline", "main"]].concat());
    running.wait_for("hangs: count");
    running.signal(Signal::INT);
    assert_snapshot!(running.end().text());
    assert_eq!(processes_of(&sandbox), Vec::<PathBuf>::new());
    assert_eq!(fs::read(sandbox.baseline("main")).ok(), Some(before));
    assert_eq!(sandbox.perfkit(&["report", "--list"]).stdout, runs);
    let folders = fs::read_dir(sandbox.target().join("perfkit/runs")).expect("there are runs");
    assert_eq!(
        folders.count(),
        1,
        "the run that was stopped leaves no folder"
    );
}

#[test]
fn a_terminating_signal_ends_it_as_well() {
    let sandbox = Sandbox::service().built();
    let mut running = sandbox.start(&HANG);
    running.wait_for("hangs: count");
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, Some(1));
    assert_eq!(processes_of(&sandbox), Vec::<PathBuf>::new());
}

#[test]
fn a_killed_command_takes_its_workload_along() {
    let sandbox = Sandbox::service().built();
    let mut running = sandbox.start(&HANG);
    running.wait_for("hangs: count");
    running.signal(Signal::KILL);
    running.end();
    // The kernel ends it, soon and not at once.
    let patience = Instant::now() + Duration::from_secs(20);
    while !processes_of(&sandbox).is_empty() {
        assert!(Instant::now() < patience, "the workload lives on");
        std::thread::yield_now();
    }
}

#[test]
fn a_second_one_waits_for_the_first() {
    let sandbox = Sandbox::service().built();
    let mut first = sandbox.start(&HANG);
    first.wait_for("hangs: count");
    let mut second = sandbox.start(&WORK);
    second.wait_for("Waiting");
    first.signal(Signal::INT);
    assert_eq!(first.end().code, Some(1));
    assert_snapshot!(second.end().text());
}

#[test]
fn ctrl_c_while_waiting_for_another_one() {
    let sandbox = Sandbox::service().built();
    let mut first = sandbox.start(&HANG);
    first.wait_for("hangs: count");
    let mut second = sandbox.start(&WORK);
    second.wait_for("Waiting");
    second.signal(Signal::INT);
    assert_snapshot!(second.end().text());
    first.signal(Signal::INT);
    assert_eq!(first.end().code, Some(1));
}

#[test]
fn two_runs_in_one_second_are_two_runs() {
    let sandbox = Sandbox::service().built();
    for _ in 0..4 {
        sandbox.prepare(&WORK);
    }
    assert_eq!(
        sandbox
            .perfkit(&["report", "--list"])
            .stdout
            .lines()
            .count(),
        4
    );
    assert_eq!(files(&sandbox.target().join("perfkit/runs")).len(), 8);
}

#[test]
fn old_runs_go() {
    let sandbox = Sandbox::service().built().with("PERFKIT_KEEP_RUNS", "2");
    for _ in 0..4 {
        sandbox.prepare(&WORK);
    }
    assert_eq!(
        sandbox
            .perfkit(&["report", "--list"])
            .stdout
            .lines()
            .count(),
        2
    );
}
