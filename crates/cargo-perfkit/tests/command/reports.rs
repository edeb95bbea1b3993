//! A stored run in every format.

use std::fs;
use std::io::Read as _;

use flate2::read::GzDecoder;
use insta::assert_snapshot;

use crate::sandbox::{Sandbox, files};

/// One run whose values repeat, with stacks.
fn with_run() -> Sandbox {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&["run", "orders", "--lens", "heap,memcpy"]);
    sandbox
}

#[test]
fn text_formats() {
    let sandbox = with_run();
    for format in ["terminal", "markdown", "folded"] {
        let arguments = ["report", "--format", format, "--metric", "heap.bytes"];
        assert_snapshot!(
            format!("report_{format}"),
            sandbox.perfkit(&arguments).text()
        );
    }
}

#[test]
fn formats_for_programs() {
    let sandbox = with_run();
    let metric = ["--metric", "heap.bytes"];
    let json = sandbox.perfkit(&["report", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    assert_eq!(json["run"]["cases"][0]["id"]["workload"], "orders");

    let svg = sandbox.perfkit(&[&["report", "--format", "svg"], &metric[..]].concat());
    assert!(svg.stdout.starts_with("<?xml"), "{}", svg.text());
    assert!(svg.stdout.contains("async fn service::book"));
    assert!(svg.stdout.trim_end().ends_with("</svg>"));

    let html = sandbox.perfkit(&["report", "--format", "html"]);
    assert!(
        html.stdout.starts_with("<!doctype html>"),
        "{}",
        &html.stdout[..60]
    );
    assert!(html.stdout.contains("async fn service::book"));
    assert!(html.stdout.trim_end().ends_with("</html>"));

    let file = sandbox.target().join("profile.pb.gz");
    let output = file.display().to_string();
    sandbox.prepare(&["report", "--format", "pprof", "--output", &output]);
    let mut profile = Vec::new();
    let packed = fs::File::open(file).expect("it was written");
    GzDecoder::new(packed)
        .read_to_end(&mut profile)
        .expect("it is gzip");
    assert!(String::from_utf8_lossy(&profile).contains("service::book"));
}

#[test]
fn the_report_folder() {
    let sandbox = with_run();
    assert_snapshot!("report_written", sandbox.perfkit(&["report"]).text());
    let folder = sandbox.target().join("perfkit/report");
    let names: Vec<String> = files(&folder)
        .iter()
        .map(|path| {
            format!(
                "{}\n",
                path.strip_prefix(&folder).expect("it is inside").display()
            )
        })
        .collect();
    assert_snapshot!("report_folder", names.concat());
}

#[test]
fn a_report_compares_with_a_baseline() {
    let sandbox = with_run();
    sandbox.prepare(&["baseline", "save", "lean"]);
    sandbox.prepare(&[
        "run",
        "orders",
        "--lens",
        "heap,memcpy",
        "--variant",
        "wasteful",
    ]);
    let arguments = ["report", "--format", "markdown", "--baseline", "lean"];
    let outcome = sandbox.perfkit(&arguments);
    assert_eq!(
        outcome.code,
        Some(0),
        "a report does not judge a build: {}",
        outcome.text()
    );
    assert!(
        outcome.stdout.contains("copied-bytes-grew"),
        "{}",
        outcome.text()
    );
}

#[test]
fn output_that_cannot_be_written() {
    let sandbox = with_run();
    let output = sandbox
        .root
        .join("Cargo.toml/report.json")
        .display()
        .to_string();
    let arguments = ["report", "--format", "json", "--output", &output];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
}

#[test]
fn a_reader_that_goes_away() {
    let sandbox = with_run();
    for arguments in [
        &["report", "--format", "terminal"][..],
        &["report", "--format", "html"],
        &["report", "--list"],
        &["run", "orders", "--lens", "heap", "--quiet"],
    ] {
        // The command's stdout has no reader from the beginning.
        let mut command = sandbox.program("bash");
        command
            .args(["-c", "exec 3> >(true); wait $!; \"$@\" >&3", "bash"])
            .arg(env!("CARGO_BIN_EXE_cargo-perfkit"))
            .args(arguments);
        let outcome = sandbox.run(command);
        assert_eq!(outcome.text(), "exit code 0\n", "{arguments:?}");
    }
}

#[test]
fn damaged_runs() {
    let sandbox = with_run();
    let runs = files(&sandbox.target().join("perfkit/runs"));
    let [run, stacks] = &runs[..] else {
        panic!("a run is two files: {runs:?}")
    };
    fs::write(stacks, "no gzip").expect("it can be written");
    assert_snapshot!(
        "run_without_stacks",
        sandbox.perfkit(&["report", "--format", "terminal"]).text()
    );
    let text = fs::read_to_string(run).expect("it was written");
    for (what, text) in [
        ("half", text[..20].to_owned()),
        ("newer", text.replace("\"format\": 1", "\"format\": 99")),
        ("foreign", "{}".to_owned()),
    ] {
        fs::write(run, text).expect("it can be written");
        assert_snapshot!(format!("run_{what}"), sandbox.perfkit(&["report"]).text());
    }
}
