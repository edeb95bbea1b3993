//! Runs a test in a process without other threads.

use std::process::Command;

const ALONE: &str = "PERFKIT_TEST_ALONE";

/// Runs `body` in a child process of this test binary, on its main thread.
///
/// The test harness runs a test on a thread and allocates on another one meanwhile, which exact counts would see.
/// With one test thread it stays on the main one.
pub(crate) fn run(test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let program = std::env::current_exe().expect("a test binary has a path");
    let status = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .status()
        .expect("the test binary is running, so it can be started");
    assert!(status.success(), "{status}");
}
