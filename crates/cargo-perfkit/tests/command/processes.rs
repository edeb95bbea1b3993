//! Workloads of several processes: how busy each was is reported, and none outlives its measurement.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

const BENCH: &str = r#"//! Sends bytes to another process and back.

use std::io::{Read as _, Write as _};

use perfkit::{Bench, Case, Process};

perfkit::main!(echo);

fn echo(bench: &mut Bench) {
    bench.process("far", |mut link| {
        let mut byte = [0];
        while link.read_exact(&mut byte).is_ok() {
            // Slow enough to be the one that is waited for.
            let mut sum = 0_u64;
            for number in 0..2_000_000_u64 {
                sum = std::hint::black_box(sum.wrapping_add(number));
            }
            if link.write_all(&byte).is_err() {
                break;
            }
        }
    });
    bench
        .workload("echo")
        .set_up(async |_: &Case| Process::start("far").expect("it starts"))
        .iterate(async |far| {
            let mut link = far.link();
            link.write_all(b"x").and_then(|()| link.read_exact(&mut [0]))
        })
        .check(|_, done| done.as_ref().map_err(ToString::to_string).copied());
    bench
        .workload("stranger")
        .set_up(async |_: &Case| Process::start("nobody").expect("it starts"))
        .iterate(async |nobody| {
            let mut link = nobody.link();
            link.write_all(b"x").and_then(|()| link.read_exact(&mut [0]))
        })
        .check(|_, done| done.as_ref().map_err(ToString::to_string).copied());
}
"#;

/// In the build that tests share, packages and programs of one name would take each other's place.
fn sandbox(name: &str) -> Sandbox {
    Sandbox::bench(name, BENCH, "")
}

/// Processes of programs of this name.
fn running(name: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("Linux has it");
    let program = |folder: &Path| fs::read_link(folder.join("exe")).ok();
    processes
        .flatten()
        .filter_map(|entry| program(&entry.path()))
        .map(|path| path.display().to_string())
        .filter(|path| path.contains(&format!("/{name}-")))
        .collect()
}

#[test]
fn how_busy_each_process_is() {
    let sandbox = sandbox("echoes");
    let arguments = ["run", "echo", "--lens", "time,heap", "--format", "json"];
    let outcome = sandbox.perfkit(&arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let busy = &report["run"]["cases"][0]["busy"];
    let names: Vec<_> = busy
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["process"])
        .collect();
    assert_eq!(names, ["workload", "far"], "{busy}");
    // The other one works while this one waits, whatever else the machine does.
    assert!(busy[1]["cpu"].as_f64() > busy[0]["cpu"].as_f64(), "{busy}");
    let said = sandbox.perfkit(&["report", "--format", "terminal"]).stdout;
    let line = said
        .lines()
        .find(|line| line.contains("processes: workload"));
    assert!(line.is_some_and(|line| line.contains("far")), "{said}");
    // Both sides of a comparison have processes of their own.
    let here = sandbox.root.display().to_string();
    let sides = ["compare", "--base", &here, "--head", &here, "echo"];
    let lens = ["--lens", "time", "--time-budget", "2", "--format", "json"];
    let outcome = sandbox.perfkit(&[&sides[..], &lens].concat());
    assert!(matches!(outcome.code, Some(0 | 4)), "{}", outcome.text());
    assert!(
        outcome.stdout.contains("iterated in turns"),
        "{}",
        outcome.stdout
    );
    assert_eq!(running("echoes"), Vec::<String>::new());
}

#[test]
fn a_process_that_nobody_declared() {
    let outcome =
        sandbox("strangers").perfkit(&["run", "stranger", "--lens", "time", "--format", "json"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.text());
    assert!(outcome.text().contains("wrong"), "{}", outcome.text());
}
