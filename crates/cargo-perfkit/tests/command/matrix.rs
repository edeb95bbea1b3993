//! Cells of a matrix: what `--matrix` measures, and what a comparison of two cells says.

use serde_json::Value;

use crate::sandbox::Sandbox;

const SETTINGS: &str = r#"[matrix.size]
small = {}
large = { variables = { CELLS_SIZE = "large" } }

[matrix.form]
single = {}
doubled = { features = ["doubled"] }

[matrix.machine]
here = {}
elsewhere = { target = "riscv64gc-unknown-linux-gnu" }
"#;

const BENCH: &str = r#"//! Allocates as many blocks as its surroundings say.

use perfkit::{Bench, Case};

perfkit::main!(blocks);

fn blocks(bench: &mut Bench) {
    bench
        .workload("blocks")
        .set_up(async |_: &Case| match std::env::var("CELLS_SIZE") {
            Ok(_) => 1_000,
            Err(_) => 10,
        })
        .iterate(async |count| {
            let count = *count * if cfg!(feature = "doubled") { 2 } else { 1 };
            (0..count).map(|byte| Box::new(byte as u8)).collect::<Vec<_>>()
        })
        .check(|_, _| Ok(()));
}
"#;

#[test]
fn cells_are_measured_and_compared() {
    let sandbox = Sandbox::bench("cells", BENCH, "[features]\ndoubled = []");
    std::fs::write(sandbox.root.join("perfkit.toml"), SETTINGS).expect("there is room");

    let matrix = [
        "--matrix",
        "size=small,large",
        "--matrix",
        "form=single,doubled",
    ];
    let fixed = ["run", "--lens", "heap", "--format", "json"];
    let outcome = sandbox.perfkit(&[&fixed[..], &matrix].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let cases = report["run"]["cases"].as_array().into_iter().flatten();
    let allocations: Vec<(&str, f64)> = cases
        .filter_map(|case| {
            let allocations = case["measurements"]["heap.allocs"]["value"].as_f64()?;
            Some((case["id"]["variant"].as_str()?, allocations))
        })
        .collect();
    // One block for the vector.
    assert_eq!(
        allocations,
        [
            ("size=small,form=single", 11.0),
            ("size=small,form=doubled", 21.0),
            ("size=large,form=single", 1_001.0),
            ("size=large,form=doubled", 2_001.0),
        ]
    );

    let sides = [
        "compare",
        "--base",
        "cell:size=small",
        "--head",
        "cell:size=large",
    ];
    let outcome = sandbox.perfkit(&[&sides[..], &["--lens", "heap"]].concat());
    assert_eq!(outcome.code, Some(3), "{}", outcome.text());
    assert!(
        outcome.stdout.contains("from 11 to 1001"),
        "{}",
        outcome.text()
    );
    assert!(outcome.stdout.contains("CELLS_SIZE"), "{}", outcome.text());

    let outcome = sandbox.perfkit(&["run", "--matrix", "size=huge"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.text());
    assert!(
        outcome.stderr.contains("large, small"),
        "{}",
        outcome.text()
    );
    let outcome = sandbox.perfkit(&["run", "--matrix", "colour=red"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.text());
    assert!(
        outcome.stderr.contains("form, machine, runtime, size"),
        "{}",
        outcome.text()
    );
}

/// What is not installed is left out of a matrix, and said; where it is all that was asked for, it is an error.
#[test]
fn targets_that_are_not_installed() {
    let sandbox = Sandbox::bench("targets", BENCH, "[features]\ndoubled = []");
    std::fs::write(sandbox.root.join("perfkit.toml"), SETTINGS).expect("there is room");
    let remedy = "rustup target add riscv64gc-unknown-linux-gnu";
    let fixed = ["run", "--lens", "heap", "--quick", "--format", "json"];
    let outcome = sandbox.perfkit(&[&fixed[..], &["--matrix", "machine=here,elsewhere"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    assert!(outcome.stderr.contains(remedy), "{}", outcome.text());
    assert!(outcome.stdout.contains(remedy), "the report says so, too");
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    assert_eq!(report["run"]["cases"].as_array().map(Vec::len), Some(1));
    let host = report["run"]["environment"]["target"]
        .as_str()
        .expect("a triple")
        .to_owned();

    for arguments in [
        &["run", "--matrix", "machine=elsewhere"][..],
        &["run", "--target", "riscv64gc-unknown-linux-gnu"],
        &[
            "compare",
            "--base",
            "cell:machine=here",
            "--head",
            "cell:machine=elsewhere",
        ],
        &["lint", "--target", "riscv64gc-unknown-linux-gnu"],
    ] {
        let outcome = sandbox.perfkit(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.text());
        assert!(
            outcome.stderr.contains(remedy),
            "{arguments:?}: {}",
            outcome.text()
        );
    }

    let both = ["--matrix", "machine=elsewhere", "--target", &host];
    let outcome = sandbox.perfkit(&[&["run"][..], &both].concat());
    assert_eq!(outcome.code, Some(2), "{}", outcome.text());

    // One that is named goes the way of any other.
    let outcome = sandbox.perfkit(&[&fixed[..], &["--target", &host]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
}
