//! What a policy file may say.

use perfkit_compare::policy::Policy;
use perfkit_model::run::Run;

use crate::run_builder::{RunBuilder, check_with, found, rows};

fn policy(text: &str) -> Policy {
    toml::from_str(text).expect("a valid policy")
}

fn error(text: &str) -> String {
    toml::from_str::<Policy>(text)
        .expect_err("an invalid policy")
        .to_string()
}

fn run(allocations: f64) -> Run {
    RunBuilder::new()
        .case("work", "story")
        .exact("heap.allocs", allocations)
        .exact("heap.bytes", 500.0)
        .build()
}

fn outcome(text: &str) -> String {
    let comparison = check_with(&run(100.0), &run(110.0), &policy(text));
    let findings: Vec<String> = comparison
        .findings
        .iter()
        .map(|finding| format!("{:?} {}", finding.level, finding.message))
        .collect();
    [
        rows(&comparison),
        format!("{:?}", comparison.verdict),
        findings.join("\n"),
        comparison.remarks.join("\n"),
    ]
    .join("\n")
}

#[test]
fn levels_and_limits() {
    for (text, expected) in [
        ("", vec!["allocations-grew"]),
        (
            "[rules.allocations-grew]\nsoft = \"9.9 %\"",
            vec!["allocations-grew"],
        ),
        ("[rules.allocations-grew]\nsoft = \"10%\"", vec![]),
        ("[rules.allocations-grew]\nsoft = 10", vec![]),
        (
            "[rules.allocations-grew]\nsoft = 9.5",
            vec!["allocations-grew"],
        ),
        ("[rules.allocations-grew]\nhard = 11", vec![]),
        ("[rules.allocations-grew]\nhard = \"1 kB\"", vec![]),
        ("[rules.allocations-grew]\nlevel = \"allow\"", vec![]),
        (
            "[rules.copies-grew]\nlevel = \"allow\"",
            vec!["allocations-grew"],
        ),
    ] {
        let comparison = check_with(&run(100.0), &run(110.0), &policy(text));
        assert_eq!(found(&comparison), expected, "{text}");
    }
}

#[test]
fn a_warning_does_not_fail() {
    insta::assert_snapshot!(outcome("[rules.allocations-grew]\nlevel = \"warn\""), @r"
    work [story] heap.allocs 100 → 110: worse (from 2 up)
    work [story] heap.bytes 500 → 500: same (from 64 up)
    Pass
    Warn allocations grew +10.0 %, from 100 to 110 per iteration
    ");
}

#[test]
fn a_rule_that_is_switched_off_says_so() {
    insta::assert_snapshot!(outcome("[rules.allocations-grew]\nlevel = \"allow\""), @r"
    work [story] heap.allocs 100 → 110: not judged, the policy switches `allocations-grew` off
    work [story] heap.bytes 500 → 500: same (from 64 up)
    Pass
    ");
}

#[test]
fn an_accepted_regression_stays_in_sight() {
    for workload in ["work", "w*k", "w?rk", "work [story]", "*", "*[story]"] {
        let text = format!(
            "[[accept]]\nrule = \"allocations-grew\"\nworkload = \"{workload}\"\nreason = \"checksums\"\nexpires = \"2026-11-20\""
        );
        insta::allow_duplicates! {
            insta::assert_snapshot!(outcome(&text), @r"
            work [story] heap.allocs 100 → 110: worse (from 2 up)
            work [story] heap.bytes 500 → 500: same (from 64 up)
            Pass
            Allow allocations grew +10.0 %, from 100 to 110 per iteration (accepted until 2026-11-20: checksums)
            ");
        }
    }
}

#[test]
fn an_acceptance_of_something_else_changes_nothing() {
    for (rule, workload) in [
        ("copies-grew", "work"),
        ("allocations-grew", "other*"),
        ("allocations-grew", "wor"),
    ] {
        let text = format!(
            "[[accept]]\nrule = \"{rule}\"\nworkload = \"{workload}\"\nreason = \"-\"\nexpires = \"2099-01-01\""
        );
        assert_eq!(outcome(&text), outcome(""));
    }
}

#[test]
fn an_expired_acceptance_is_a_remark() {
    insta::assert_snapshot!(outcome(
        "[[accept]]\nrule = \"allocations-grew\"\nworkload = \"work\"\nreason = \"checksums\"\nexpires = \"2026-11-19\""
    ), @r"
    work [story] heap.allocs 100 → 110: worse (from 2 up)
    work [story] heap.bytes 500 → 500: same (from 64 up)
    Regressed
    Deny allocations grew +10.0 %, from 100 to 110 per iteration
    the acceptance of `allocations-grew` for `work` expired on 2026-11-19 (checksums)
    ");
}

#[test]
fn mistakes_are_named() {
    let mistakes = [
        "rulez = 1",
        "[rules.allocations-grew]\nlevle = \"warn\"",
        "[rules.allocations-grow]\nlevel = \"warn\"",
        "[rules.allocations-grew]\nlevel = \"fatal\"",
        "[rules.allocations-grew]\nsoft = \"a lot\"",
        "[rules.allocations-grew]\nsoft = -1",
        "[rules.allocations-grew]\nhard = true",
        "[[accept]]\nrule = \"allocations-grew\"\nworkload = \"work\"\nreason = \"-\"\nexpires = \"next year\"",
        "[[accept]]\nrule = \"allocations-grew\"\nworkload = \"work\"\nexpires = \"2027-01-01\"",
    ];
    let text: Vec<String> = mistakes.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(text.join("\n"));
}
