//! Bench targets under plain `cargo bench`.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn cargo_bench_says_how_to_run_them() {
    let sandbox = Sandbox::service();
    let executable = sandbox.executable("orders").display().to_string();
    let mut command = sandbox.program(&executable);
    command.arg("--bench");
    assert_snapshot!(sandbox.run(command).text());
}

#[test]
fn cargo_bench_runs_them_under_criterion() {
    let sandbox = Sandbox::service();
    let mut command = sandbox.program("cargo");
    // Unoptimised and in criterion's test mode, where each benchmark runs once.
    command
        .args([
            "bench",
            "--profile",
            "dev",
            "--bench",
            "orders",
            "--features",
            "perfkit/criterion",
        ])
        .arg("--target-dir")
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion-target"))
        .args(["--", "--test"]);
    assert_snapshot!(sandbox.run(command).text());
}
