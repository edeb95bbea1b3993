//! Which cases are compared.

use perfkit_model::run::Run;

use crate::run_builder::{RunBuilder, check, rows};

fn run(cases: &[(&str, &str, f64)]) -> Run {
    cases
        .iter()
        .fold(RunBuilder::new(), |builder, (workload, variant, value)| {
            builder.case(workload, variant).exact("heap.allocs", *value)
        })
        .build()
}

fn outcome(base: &[(&str, &str, f64)], head: &[(&str, &str, f64)]) -> String {
    let comparison = check(&run(base), &run(head));
    let findings: Vec<String> = comparison
        .findings
        .iter()
        .map(|finding| format!("found: {} in {}", finding.rule, finding.case))
        .collect();
    let remarks: Vec<String> = comparison
        .remarks
        .iter()
        .map(|remark| format!("remark: {remark}"))
        .collect();
    let verdict = format!("verdict: {:?}", comparison.verdict);
    [vec![rows(&comparison)], findings, remarks, vec![verdict]]
        .concat()
        .join("\n")
}

#[test]
fn equal_variants_pair() {
    insta::assert_snapshot!(outcome(
        &[("work", "cured", 10.0), ("work", "story", 50.0)],
        &[("work", "story", 50.0), ("work", "cured", 10.0)],
    ), @r"
    work [cured] heap.allocs 10 → 10: same (from 2 up)
    work [story] heap.allocs 50 → 50: same (from 2 up)
    verdict: Pass
    ");
}

#[test]
fn the_only_variant_left_in_the_base_answers_for_all_left_in_the_head() {
    insta::assert_snapshot!(outcome(
        &[("work", "cured", 10.0)],
        &[("work", "story", 50.0), ("work", "worse", 90.0)],
    ), @r"
    work [story] heap.allocs 10 → 50: worse (from 2 up)
    work [worse] heap.allocs 10 → 90: worse (from 2 up)
    found: allocations-grew in work [worse]
    found: allocations-grew in work [story]
    remark: `work [story]` is compared with `work [cured]`
    remark: `work [worse]` is compared with `work [cured]`
    verdict: Regressed
    ");
}

#[test]
fn a_variant_that_has_its_equal_answers_for_no_other() {
    insta::assert_snapshot!(outcome(
        &[("work", "cured", 10.0)],
        &[("work", "cured", 10.0), ("work", "story", 50.0)],
    ), @r"
    work [cured] heap.allocs 10 → 10: same (from 2 up)
    work [story] heap.allocs - → 50: not judged, baseline main has no such case
    remark: `work [story]` is in this run and not in baseline main
    verdict: Pass
    ");
}

#[test]
fn several_variants_left_in_the_base_are_ambiguous() {
    insta::assert_snapshot!(outcome(
        &[("work", "cured", 10.0), ("work", "boxed", 20.0)],
        &[("work", "story", 50.0)],
    ), @r#"
    work [story] heap.allocs - → 50: not judged, baseline main has no such case
    remark: `work [story]` is in this run and not in baseline main
    remark: `work [boxed]` is in baseline main and not in this run
    remark: `work [cured]` is in baseline main and not in this run
    verdict: NotJudged { reason: "nothing that baseline main has could be judged" }
    "#);
}

#[test]
fn a_case_on_one_side_is_a_remark() {
    insta::assert_snapshot!(outcome(
        &[("gone", "", 10.0), ("work", "", 10.0)],
        &[("new", "", 50.0), ("work", "", 10.0)],
    ), @r"
    new heap.allocs - → 50: not judged, baseline main has no such case
    work heap.allocs 10 → 10: same (from 2 up)
    remark: `new` is in this run and not in baseline main
    remark: `gone` is in baseline main and not in this run
    verdict: Pass
    ");
}

#[test]
fn what_a_choice_of_workloads_leaves_out_is_counted() {
    let base: Vec<String> = (0..5).map(|number| format!("other {number}")).collect();
    let mut base: Vec<_> = base.iter().map(|name| (name.as_str(), "", 10.0)).collect();
    base.push(("work", "", 10.0));
    let base = run(&base);
    let mut head = run(&[("new", "", 10.0), ("work", "", 10.0)]);
    // All of them are named where nothing was chosen.
    assert_eq!(check(&base, &head).remarks.len(), 6);
    head.partial = true;
    insta::assert_snapshot!(check(&base, &head).remarks.join("\n"), @r"
    `new` is in this run and not in baseline main
    5 cases of baseline main are not in this run: `other 0`, `other 1`, `other 2` and 2 more
    ");
}

#[test]
fn runtimes_do_not_pair() {
    let base = RunBuilder::new()
        .case_on("work", "", "current_thread")
        .exact("heap.allocs", 10.0)
        .build();
    let head = RunBuilder::new()
        .case_on("work", "", "multi_thread(2)")
        .exact("heap.allocs", 90.0)
        .build();
    insta::assert_snapshot!(rows(&check(&base, &head)), @"work on multi_thread(2) heap.allocs - → 90: not judged, baseline main has no such case");
}
