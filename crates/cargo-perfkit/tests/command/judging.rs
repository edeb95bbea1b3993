//! Two variants are compared, and the exit code tells what came of it.

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::Sandbox;

/// A run with the lenses whose values are exact.
const RUN: [&str; 4] = ["run", "orders", "--lens", "heap,memcpy"];

fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::service().built();
    let save = [&RUN[..], &["--variant", "lean", "--save-baseline", "main"]].concat();
    sandbox.prepare(&save);
    sandbox
}

fn run(sandbox: &Sandbox, more: &[&str]) -> crate::outcome::Outcome {
    sandbox.perfkit(&[&RUN[..], more].concat())
}

#[test]
fn nothing_to_compare_with() {
    let sandbox = Sandbox::service().built();
    assert_snapshot!("without_a_baseline", run(&sandbox, &[]).text());
    assert_eq!(run(&sandbox, &["--gate"]).code, Some(4));
}

#[test]
fn a_run_passes_against_itself() {
    let sandbox = with_baseline();
    assert_snapshot!(run(&sandbox, &["--variant", "lean", "--gate"]).text());
}

#[test]
fn all_lenses_pass_against_themselves() {
    let sandbox = Sandbox::service().built();
    sandbox.prepare(&["run", "orders", "--quick", "--save-baseline", "main"]);
    let outcome = sandbox.perfkit(&["run", "orders", "--quick", "--gate"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
}

#[test]
fn a_wasteful_variant_regresses_and_its_cause_is_named() {
    let sandbox = with_baseline();
    let outcome = run(
        &sandbox,
        &[
            "--variant",
            "wasteful",
            "--baseline",
            "main",
            "--format",
            "json",
        ],
    );
    assert_eq!(outcome.code, Some(3), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    assert_snapshot!(findings(&report));
}

#[test]
fn a_lean_variant_is_no_regression() {
    let sandbox = Sandbox::service().built();
    let save = ["--variant", "wasteful", "--save-baseline", "main"];
    assert_eq!(run(&sandbox, &save).code, Some(0));
    assert_eq!(
        run(&sandbox, &["--variant", "lean", "--gate"]).code,
        Some(0)
    );
}

#[test]
fn a_threshold_above_the_growth_lets_it_pass() {
    let sandbox = with_baseline();
    let lens = [
        "run",
        "orders",
        "--lens",
        "heap",
        "--variant",
        "wasteful",
        "--noise-threshold",
    ];
    assert_eq!(
        sandbox.perfkit(&[&lens[..], &["1000000"]].concat()).code,
        Some(0)
    );
    assert_eq!(sandbox.perfkit(&[&lens[..], &["5"]].concat()).code, Some(3));
}

#[test]
fn levels_and_accepted_regressions() {
    let sandbox = Sandbox::copy_of("service", "judged").built();
    let all = [&RUN[..], &["--variant", "lean", "--save-baseline", "main"]].concat();
    sandbox.prepare(&all);
    let accept = |rule: &str, expires: &str| {
        format!(
            "[[accept]]\nrule = \"{rule}\"\nworkload = \"orders\"\nreason = \"archived\"\nexpires = \"{expires}\"\n"
        )
    };
    let heap = [
        "allocations-grew",
        "allocated-bytes-grew",
        "peak-memory-grew",
    ];
    let warn: String = heap
        .iter()
        .map(|rule| format!("[rules.{rule}]\nlevel = \"warn\"\n"))
        .collect();
    let accepted: String = heap.iter().map(|rule| accept(rule, "2999-12-31")).collect();
    let expired: String = heap.iter().map(|rule| accept(rule, "2020-01-01")).collect();
    for (settings, code) in [("", 3), (&warn, 0), (&accepted, 0), (&expired, 3)] {
        sandbox.write("perfkit.toml", settings);
        let outcome =
            sandbox.perfkit(&["run", "orders", "--variant", "wasteful", "--lens", "heap"]);
        assert_eq!(outcome.code, Some(code), "{settings}: {}", outcome.text());
    }
}

/// Rule and level of each finding, and which of these words it names: what no other compiler should change.
fn findings(report: &Value) -> String {
    let findings = report
        .pointer("/comparison/findings")
        .and_then(Value::as_array);
    let mut lines: Vec<String> = findings
        .expect("a report has findings")
        .iter()
        .map(|finding| {
            let text = finding.to_string();
            let named: Vec<&str> = ["src/lib.rs", "book_by_value", "Order,"]
                .into_iter()
                .filter(|word| text.contains(word))
                .collect();
            let word = |key: &str| finding[key].as_str().unwrap_or("none");
            format!("{} {}: {}\n", word("level"), word("rule"), named.join(" "))
        })
        .collect();
    lines.sort();
    lines.concat()
}
