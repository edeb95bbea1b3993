//! How long `cargo perfkit lint` takes on this repository when everything is built.
//!
//! `cargo bench -p xtask --bench lint`. The first call builds; the others include what cargo takes to say that nothing
//! is to do. Exits with 1 when the target is missed.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Seconds from the end of the build.
const TARGET: f64 = 2.0;
const CALLS: usize = 5;

fn main() -> ExitCode {
    let mut kept = true;
    for targets in ["benches", "benches,bins"] {
        if !lint(targets).1 {
            println!("the lint of {targets} failed");
            return ExitCode::FAILURE;
        }
        let mut seconds: Vec<f64> = (0..CALLS).map(|_| lint(targets).0.as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[CALLS / 2];
        println!("{targets}: {median:.2} s whole, of at most {TARGET:.2} s after the build");
        kept &= median <= TARGET;
    }
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Time of one call, and whether it came to an answer. Growth is one.
fn lint(targets: &str) -> (Duration, bool) {
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args([
            "perfkit",
            "lint",
            "--quiet",
            "--format=json",
            "--targets",
            targets,
        ])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .stdout(std::process::Stdio::null())
        .status();
    let code = status.ok().and_then(|status| status.code());
    (started.elapsed(), matches!(code, Some(0 | 3)))
}
