//! Costs that grow faster with the argument: one finding for all arguments, and none where it could be noise.

use perfkit_compare::policy::Policy;
use perfkit_model::comparison::Verdict;
use perfkit_model::run::Run;

use crate::run_builder::{RunBuilder, check, check_with, findings, found, function};

const ARGS: [u64; 4] = [1, 8, 64, 191];

/// A workload whose allocations at each argument come from one line.
fn allocating(values: [u64; 4], line: impl Fn(u64) -> u32) -> Run {
    let begun = |builder: RunBuilder, (arg, value): (u64, u64)| {
        builder
            .case("merge", "")
            .arg(arg)
            .exact("heap.allocs", value as f64)
            .stack(
                &[function("cheapest", "src/placement.rs", line(arg))],
                &[("heap.allocs", value)],
            )
    };
    let cases = ARGS.into_iter().zip(values);
    cases.fold(RunBuilder::new(), begun).build()
}

fn timed(id: &str, factors: [f64; 4]) -> Run {
    let begun = |builder: RunBuilder, (arg, factor)| {
        builder
            .case("merge", "")
            .arg(arg)
            .exact("heap.allocs", 5.0)
            .interleaved("time.cpu", 1e6, factor)
    };
    let cases = ARGS.into_iter().zip(factors);
    cases.fold(RunBuilder::new().id(id), begun).build()
}

#[test]
fn one_finding_speaks_of_all_arguments() {
    let base = allocating([1_000, 1_000, 1_000, 1_000], |_| 7);
    let head = allocating([1_200, 2_000, 20_000, 60_000], |_| 7);
    let comparison = check(&base, &head);
    assert_eq!(comparison.verdict, Verdict::Regressed);
    insta::assert_snapshot!(findings(&comparison), @"
    Deny exponent-grew in merge/191: allocations grow as n^0.77 with the argument (1 to 191), n^0.00 in the base; at 191: allocations grew ×60.0, from 1000 to 60.0 k per iteration: 59.0 k more allocations at `src/placement.rs:7` in `cheapest`
      100 % 1000 → 60000: cheapest src/placement.rs:7
    ");
    let symptoms = &comparison.findings[0].symptoms;
    let said: Vec<&str> = symptoms.iter().map(|one| one.message.as_str()).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    at 64: allocations grew ×20.0, from 1000 to 20.0 k per iteration: 19.0 k more allocations at `src/placement.rs:7` in `cheapest`
    at 8: allocations grew +100.0 %, from 1000 to 2000 per iteration: 1000 more allocations at `src/placement.rs:7` in `cheapest`
    at 1: allocations grew +20.0 %, from 1000 to 1200 per iteration: 200 more allocations at `src/placement.rs:7` in `cheapest`
    ");
}

#[test]
fn another_cause_keeps_its_finding() {
    let base = allocating([1_000, 1_000, 1_000, 1_000], |_| 7);
    let head = allocating([1_900, 2_000, 20_000, 60_000], |arg| {
        if arg == 1 { 99 } else { 7 }
    });
    assert_eq!(
        found(&check(&base, &head)),
        ["exponent-grew", "allocations-grew"]
    );
}

#[test]
fn a_constant_factor_is_no_worse_exponent() {
    let base = allocating([1_000, 1_100, 1_200, 1_300], |_| 7);
    let head = allocating([3_000, 3_300, 3_600, 3_900], |_| 7);
    assert_eq!(found(&check(&base, &head)), ["allocations-grew"; 4]);
}

#[test]
fn what_got_better_with_the_argument_is_no_worse_exponent() {
    let base = allocating([1_000, 2_000, 20_000, 60_000], |_| 7);
    let head = allocating([2_000, 2_000, 2_000, 2_000], |_| 7);
    assert_eq!(found(&check(&base, &head)), ["allocations-grew"]);
}

/// The intervals of the smallest and of the largest argument have to lie apart.
#[test]
fn timings_are_held_against_their_noise() {
    let base = timed("before", [1.0; 4]);
    let found = |factors| {
        let comparison = check(&base, &timed("after", factors));
        findings(&comparison)
    };
    insta::assert_snapshot!(found([1.0, 1.2, 1.5, 2.0]), @"Deny exponent-grew in merge/191: CPU time grows as n^0.13 with the argument (1 to 191), n^0.00 in the base; at 191: CPU time grew +99.8 % (98.8 to 100.8 %, 12 pairs), from 1.00 ms to 2.00 ms per iteration");
    assert!(!found([1.05, 1.05, 1.05, 1.09]).contains("exponent-grew"));
}

/// Iterations that differ by a factor hide any exponent.
#[test]
fn counts_are_held_against_their_spread() {
    let run = |values: [[f64; 3]; 3]| {
        let begun = |builder: RunBuilder, (arg, samples): (u64, [f64; 3])| {
            builder
                .case("merge", "")
                .arg(arg)
                .near("heap.allocs", &samples)
        };
        let cases = [1, 8, 64].into_iter().zip(values);
        cases.fold(RunBuilder::new(), begun).build()
    };
    let base = run([[990.0, 1_000.0, 1_010.0]; 3]);
    let steady = run([[1_000.0; 3], [1_300.0; 3], [2_000.0, 2_000.0, 2_010.0]]);
    assert!(found(&check(&base, &steady)).contains(&"exponent-grew"));
    let loose = run([
        [500.0, 1_000.0, 2_000.0],
        [1_300.0; 3],
        [1_000.0, 2_000.0, 3_000.0],
    ]);
    assert!(!found(&check(&base, &loose)).contains(&"exponent-grew"));
}

#[test]
fn the_rule_can_be_switched_off_and_its_limits_moved() {
    let base = allocating([1_000, 1_000, 1_000, 1_000], |_| 7);
    let head = allocating([1_200, 2_000, 20_000, 60_000], |_| 7);
    let with = |settings: &str| {
        let policy: Policy = toml::from_str(settings).unwrap();
        check_with(&base, &head, &policy)
    };
    let off = with("[rules.exponent-grew]\nlevel = \"allow\"\n");
    assert_eq!(found(&off), ["allocations-grew"; 4]);
    let wide = with("[rules.exponent-grew]\nhard = 0.8\n");
    assert_eq!(found(&wide), ["allocations-grew"; 4]);
}
