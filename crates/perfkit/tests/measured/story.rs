//! The story that perfkit was built for, on the real workload: without reading source, it names the error type whose
//! one large variant is moved, the vector of large queries, and the boxes of `async_trait`, with file and line.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::place::{Place, target};

/// Runs ddsplit in this repository, with baselines of its own.
fn perfkit(baselines: &Path, arguments: &[&str]) -> Output {
    Place::repository()
        .command(&["run", "ddsplit", "--quick", "--format", "json"])
        .args(["--lens", "heap,memcpy"])
        .args(arguments)
        .env("PERFKIT_BASELINES", baselines)
        .output()
        .expect("the command was just built")
}

fn code(output: &Output) -> Option<i32> {
    if output.status.code() == Some(1) {
        // What went wrong is on stderr; an exit code alone helps nobody.
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.code()
}

fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let findings = report["comparison"]["findings"]
        .as_array()
        .expect("findings are a list");
    findings
        .iter()
        .find(|finding| finding["rule"] == rule)
        .unwrap_or_else(|| panic!("{rule} is not among {findings:#?}"))
}

/// Message, remedy and causes of a finding: what a person reads.
fn words(finding: &Value) -> String {
    format!(
        "{} {} {}",
        finding["message"], finding["remedy"], finding["causes"]
    )
}

#[test]
fn story_against_its_cure() {
    let baselines = &target().join("story-baselines");
    let saved = perfkit(
        baselines,
        &["--variant", "cured", "--save-baseline", "cured"],
    );
    assert_eq!(code(&saved), Some(0));

    let again = perfkit(
        baselines,
        &["--variant", "cured", "--baseline", "cured", "--gate"],
    );
    assert_eq!(code(&again), Some(0), "the cure against itself");

    let story = perfkit(baselines, &["--variant", "story", "--baseline", "cured"]);
    assert_eq!(code(&story), Some(3));
    let report: Value = serde_json::from_slice(&story.stdout).expect("JSON on stdout");

    let first = &report["comparison"]["findings"][0];
    assert_eq!(first["rule"], "copied-bytes-grew");
    let message = first["message"].as_str().expect("a message is text");
    assert!(
        message.contains("values that hold `DistriErr` (its variant `Corrupt` is 50\u{202f}008 B"),
        "{message}"
    );
    assert!(
        first["remedy"].to_string().contains("DistriErr::Corrupt"),
        "{}",
        first["remedy"]
    );
    let place = first["causes"][0]["location"]
        .as_str()
        .expect("a location is text");
    assert!(place.starts_with("workloads/ddsplit/src/"), "{place}");

    let allocated = words(finding(&report, "allocated-bytes-grew"));
    assert!(
        allocated.contains("Vec<DistriQuery>::push` at `workloads/ddsplit/src/query.rs:"),
        "{allocated}"
    );

    let allocations = words(finding(&report, "allocations-grew"));
    assert!(allocations.contains("`#[async_trait]`"), "{allocations}");
    assert!(
        allocations.contains("workloads/ddsplit/src/storage.rs:"),
        "{allocations}"
    );
}
