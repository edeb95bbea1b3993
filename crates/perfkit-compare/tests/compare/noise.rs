//! What may be judged, and against which band.

use perfkit_compare::{SideKind, compare, examine};
use perfkit_model::comparison::Verdict;
use perfkit_model::lens::Pass;
use perfkit_model::metric::Noise;
use perfkit_model::run::{Outcome, Run};

use crate::run_builder::{RunBuilder, check, found, rows, side};

fn one(metric: &str, value: f64) -> RunBuilder {
    RunBuilder::new().case("work", "").exact(metric, value)
}

fn outcome(base: &Run, head: &Run) -> String {
    let comparison = check(base, head);
    let found = found(&comparison).join(", ");
    let text = format!("{}\n{:?} [{found}]", rows(&comparison), comparison.verdict);
    text.trim_start().to_owned()
}

#[test]
fn exact_values_pass_both_limits_or_stay_the_same() {
    let table: Vec<String> = [
        (100.0, 101.0),
        (100.0, 102.0),
        (1_000.0, 1_005.0),
        (1_000.0, 1_006.0),
        (1_006.0, 1_000.0),
        (0.0, 1.0),
        (0.0, 2.0),
    ]
    .into_iter()
    .map(|(base, head)| {
        rows(&check(
            &one("heap.allocs", base).build(),
            &one("heap.allocs", head).build(),
        ))
    })
    .collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    work heap.allocs 100 → 101: same (from 2 up)
    work heap.allocs 100 → 102: worse (from 2 up)
    work heap.allocs 1000 → 1005: same (from 6 up)
    work heap.allocs 1000 → 1006: worse (from 6 up)
    work heap.allocs 1006 → 1000: better (from 6 up)
    work heap.allocs 0 → 1: same (from 2 up)
    work heap.allocs 0 → 2: worse (from 2 up)
    ");
}

#[test]
fn near_exact_values_leave_three_spreads_behind() {
    let near = |samples: &[f64]| {
        RunBuilder::new()
            .case("work", "")
            .near("io.calls", samples)
            .build()
    };
    // The widest spread of either side is 4, so up to 12 more is noise.
    let base = near(&[304.0, 306.0, 308.0]);
    insta::assert_snapshot!(
        [outcome(&base, &near(&[317.0, 318.0, 319.0])), outcome(&base, &near(&[318.0, 319.0, 320.0]))]
            .join("\n"),
        @r"
    work io.calls 306 → 318: same (from 13 up)
    Pass []
    work io.calls 306 → 319: worse (from 13 up)
    Regressed [io-calls-grew]
    "
    );
    // No spread seen is no promise of none: three percent, and eight events.
    let still = |value| near(&[value, value]);
    insta::assert_snapshot!(
        [
            outcome(&still(300.0), &still(309.0)),
            outcome(&still(300.0), &still(310.0)),
            outcome(&still(4.0), &still(11.0)),
            outcome(&still(4.0), &still(12.0)),
        ]
        .join("\n"),
        @r"
    work io.calls 300 → 309: same (from 10 up)
    Pass []
    work io.calls 300 → 310: worse (from 10 up)
    Regressed [io-calls-grew]
    work io.calls 4 → 11: same (from 8 up)
    Pass []
    work io.calls 4 → 12: worse (from 8 up)
    Regressed [io-calls-grew]
    "
    );
}

#[test]
fn instructions_are_near_exact_by_nature_and_their_limits_stand() {
    let run = |samples: &[f64]| {
        RunBuilder::new()
            .case("work", "")
            .near("instructions.count", samples)
            .build()
    };
    let around = |value, spread| run(&[value, value + spread]);
    let base = around(50e6, 0.0);
    insta::assert_snapshot!(
        [
            outcome(&base, &around(50.5e6, 0.0)),
            outcome(&base, &around(51e6, 0.0)),
            // Three times 400 000, which is more than 2 %.
            outcome(&base, &around(50.6e6, 400e3)),
            // A hundredth of little is little.
            outcome(&around(100e3, 0.0), &around(109e3, 0.0)),
            outcome(&around(100e3, 0.0), &around(110e3, 0.0)),
        ]
        .join("\n"),
        @r"
    work instructions.count 50000000 → 50500000: same (from 500001 up)
    Pass []
    work instructions.count 50000000 → 51000000: worse (from 500001 up)
    Regressed [instructions-grew]
    work instructions.count 50000000 → 51000000: same (from 1200001 up)
    Pass []
    work instructions.count 100000 → 109000: same (from 10000 up)
    Pass []
    work instructions.count 100000 → 110000: worse (from 10000 up)
    Regressed [instructions-grew]
    "
    );
}

#[test]
fn a_spread_nobody_recorded_is_no_licence_to_judge() {
    let head = RunBuilder::new()
        .case("work", "")
        .measurement("io.calls", 400.0, Noise::NearExact, &[400.0])
        .build();
    insta::assert_snapshot!(outcome(&one("io.calls", 300.0).build(), &head), @r#"
    work io.calls 300 → 400: not judged, the iterations differ and their spread was not recorded
    NotJudged { reason: "`work`: the iterations differ and their spread was not recorded" } []
    "#);
}

#[test]
fn timings_and_orientation_are_shown_only() {
    let run = |time| {
        RunBuilder::new()
            .case("work", "")
            .measurement("time.cpu", time, Noise::Noisy, &[time])
            .measurement("time.wall", time, Noise::Noisy, &[time])
            .exact("heap.allocs", 5.0)
            .exact("someone.elses", 5.0)
            .build()
    };
    insta::assert_snapshot!(outcome(&run(1e6), &run(9e6)), @r"
    work time.cpu 1000000 → 9000000: not judged, timings are compared only inside one session: `cargo perfkit compare`
    work time.wall 1000000 → 9000000: not judged, timings are compared only inside one session: `cargo perfkit compare`
    work heap.allocs 5 → 5: same (from 2 up)
    work someone.elses 5 → 5: not judged, this version of perfkit does not know this metric
    Pass []
    ");
}

#[test]
fn nothing_judged_is_no_pass() {
    let run = |time| {
        RunBuilder::new()
            .case("work", "")
            .measurement("time.cpu", time, Noise::Noisy, &[time])
            .build()
    };
    insta::assert_snapshot!(outcome(&run(1e6), &run(9e6)), @r#"
    work time.cpu 1000000 → 9000000: not judged, timings are compared only inside one session: `cargo perfkit compare`
    NotJudged { reason: "nothing that baseline main has could be judged" } []
    "#);
    insta::assert_snapshot!(outcome(&RunBuilder::new().build(), &RunBuilder::new().build()), @r#"NotJudged { reason: "nothing that baseline main has could be judged" } []"#);
}

#[test]
fn dropped_events_are_not_judged() {
    let head = one("heap.allocs", 100.0)
        .exact("heap.bytes", 500.0)
        .not_judged("heap.allocs", "12 events were dropped")
        .build();
    let base = one("heap.allocs", 100.0).exact("heap.bytes", 500.0).build();
    insta::assert_snapshot!(outcome(&base, &head), @r#"
    work heap.allocs 100 → 100: not judged, 12 events were dropped
    work heap.bytes 500 → 500: same (from 64 up)
    NotJudged { reason: "`work`: 12 events were dropped" } []
    "#);
}

#[test]
fn a_pass_that_is_not_available_is_told() {
    let missing = || Outcome::NotAvailable {
        reason: "valgrind is not installed".to_owned(),
    };
    let run = |has_other: bool| {
        let run = RunBuilder::new()
            .case("work", "")
            .exact("heap.allocs", 10.0)
            .pass(Pass::Instructions, missing());
        if has_other {
            let other = run.case("other", "").pass(Pass::Instructions, missing());
            other.build()
        } else {
            run.build()
        }
    };
    let alone = |run: &Run| examine(&side("this run", SideKind::Measured, run)).remarks;
    let base = one("heap.allocs", 10.0);
    let with_base = |base: RunBuilder| check(&base.build(), &run(false)).remarks;
    let counted = one("heap.allocs", 10.0).near("instructions.count", &[5e6, 5e6]);
    insta::assert_debug_snapshot!(
        // The last has a row that says it.
        (alone(&run(false)), alone(&run(true)), with_base(base), with_base(counted)),
        @r#"
    (
        [
            "`work`: the instructions pass is not available: valgrind is not installed",
        ],
        [
            "`work` and 1 other case: the instructions pass is not available: valgrind is not installed",
        ],
        [
            "`work`: the instructions pass is not available: valgrind is not installed",
        ],
        [],
    )
    "#
    );
}

#[test]
fn a_failed_pass_is_not_judged_unless_something_regressed() {
    let failed = || Outcome::Failed {
        message: "the body panicked".to_owned(),
        hint: None,
        stderr: String::new(),
    };
    let base = RunBuilder::new()
        .case("calm", "")
        .exact("heap.allocs", 10.0)
        .case("work", "")
        .exact("heap.allocs", 10.0)
        .build();
    let head = |calm| {
        RunBuilder::new()
            .case("calm", "")
            .exact("heap.allocs", calm)
            .case("work", "")
            .pass(Pass::Count, failed())
            .build()
    };
    insta::assert_snapshot!(
        [outcome(&base, &head(10.0)), outcome(&base, &head(90.0))].join("\n"),
        @r#"
    calm heap.allocs 10 → 10: same (from 2 up)
    work heap.allocs 10 → -: not judged, the count pass failed: the body panicked
    NotJudged { reason: "`work`: the count pass failed: the body panicked" } []
    calm heap.allocs 10 → 90: worse (from 2 up)
    work heap.allocs 10 → -: not judged, the count pass failed: the body panicked
    Regressed [allocations-grew]
    "#
    );
    // The same trouble in the base names the base.
    insta::assert_snapshot!(outcome(&head(10.0), &base), @r#"
    calm heap.allocs 10 → 10: same (from 2 up)
    work heap.allocs - → 10: not judged, in baseline main, the count pass failed: the body panicked
    NotJudged { reason: "`work`: in baseline main, the count pass failed: the body panicked" } []
    "#);
    let alone = head(10.0);
    let comparison = examine(&side("this run", SideKind::Measured, &alone));
    insta::assert_snapshot!(format!("{:?}", comparison.verdict), @r#"NotJudged { reason: "`work`: the count pass failed: the body panicked" }"#);
}

#[test]
fn a_lens_that_was_left_out_does_not_spoil_the_pass() {
    let base = one("heap.allocs", 10.0)
        .exact("memcpy.bytes", 500.0)
        .build();
    insta::assert_snapshot!(outcome(&base, &one("heap.allocs", 10.0).build()), @r"
    work heap.allocs 10 → 10: same (from 2 up)
    work memcpy.bytes 500 → -: not judged, not measured in this run
    Pass []
    ");
}

#[test]
fn damaged_values_do_not_panic() {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 0.0, 1e300];
    for base in values {
        for head in values {
            for samples in [
                &[][..],
                &[f64::NAN, 1.0],
                &[f64::INFINITY, 2.0],
                &[1.0, 9.0],
            ] {
                let run = |value| {
                    RunBuilder::new()
                        .case("work", "")
                        .measurement("heap.retained", value, Noise::NearExact, samples)
                        .exact("heap.peak", value)
                        .build()
                };
                let (base, head) = (run(base), run(head));
                let comparison = compare(
                    &side("a", SideKind::Measured, &base),
                    &side("b", SideKind::Measured, &head),
                    &perfkit_compare::policy::Policy::default(),
                );
                assert_eq!(comparison.rows.len(), 2);
            }
        }
    }
    let damaged = outcome(
        &one("heap.peak", 1.0).build(),
        &one("heap.peak", f64::NAN).build(),
    );
    insta::assert_snapshot!(damaged, @r#"
    work heap.peak 1 → NaN: not judged, a value is not a number
    NotJudged { reason: "`work`: a value is not a number" } []
    "#);
}

#[test]
fn multi_threaded_counts_promise_nothing() {
    let base = RunBuilder::new()
        .case_on("work", "", "multi_thread(2)")
        .exact("memcpy.bytes", 96_000.0)
        .build();
    let head = RunBuilder::new()
        .case_on("work", "", "multi_thread(2)")
        .near("memcpy.bytes", &[96_000.0, 96_048.0])
        .build();
    let comparison = check(&base, &head);
    assert_eq!(found(&comparison), [""; 0]);
    assert_eq!(comparison.verdict, Verdict::Pass);
}
