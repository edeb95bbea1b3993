//! What holds for all runs.

use perfkit_compare::policy::Policy;
use perfkit_model::comparison::{Comparison, Judgement};
use perfkit_model::metric::Noise;
use perfkit_model::run::Run;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::run_builder::{RunBuilder, allocator, check, check_with, function};

const METRICS: [&str; 5] = [
    "heap.allocs",
    "heap.bytes",
    "heap.peak",
    "memcpy.bytes",
    "io.calls",
];

/// Values of one case: per metric the samples of a few iterations.
type Values = Vec<Vec<u32>>;

fn values() -> impl Strategy<Value = Values> {
    // Small values meet the limits from both sides, large ones the percentages.
    let sample = prop_oneof![0..40_u32, 0..2_000_000_u32];
    let samples = prop_oneof![
        sample.clone().prop_map(|value| vec![value; 3]),
        (sample, vec(0..4_u32, 3)).prop_map(|(value, offsets)| {
            offsets.into_iter().map(|offset| value + offset).collect()
        }),
    ];
    vec(samples, METRICS.len())
}

fn case(builder: RunBuilder, workload: &str, values: &Values, scale: f64) -> RunBuilder {
    let builder = builder.case(workload, "");
    METRICS
        .iter()
        .zip(values)
        .fold(builder, |builder, (metric, samples)| {
            let scaled: Vec<f64> = samples
                .iter()
                .map(|value| f64::from(*value) * scale)
                .collect();
            let exact = samples.iter().all(|value| *value == samples[0]);
            let noise = if exact {
                Noise::Exact
            } else {
                Noise::NearExact
            };
            let path = [
                function(
                    &format!("app::{workload}::{metric}"),
                    "src/app.rs",
                    samples[0],
                ),
                allocator(),
            ];
            builder
                .measurement(metric, scaled[scaled.len() / 2], noise, &scaled)
                .stack(&path, &[(*metric, u64::from(samples[0]))])
        })
}

fn run(cases: &[(&str, &Values)]) -> Run {
    cases
        .iter()
        .fold(RunBuilder::new(), |builder, (workload, values)| {
            case(builder, workload, values, 1.0)
        })
        .build()
}

fn judgements(comparison: &Comparison) -> Vec<Judgement> {
    comparison
        .rows
        .iter()
        .map(|row| row.judgement.clone())
        .collect()
}

proptest! {
    #[test]
    fn swapping_sides_turns_worse_into_better(left in values(), right in values()) {
        let (left, right) = (run(&[("work", &left)]), run(&[("work", &right)]));
        let forth = judgements(&check(&left, &right));
        let back = judgements(&check(&right, &left));
        for (forth, back) in forth.into_iter().zip(back) {
            let mirrored = match forth {
                Judgement::Worse => Judgement::Better,
                Judgement::Better => Judgement::Worse,
                same => same,
            };
            prop_assert_eq!(mirrored, back);
        }
    }

    #[test]
    fn a_run_against_itself_is_the_same(values in values()) {
        let run = run(&[("work", &values)]);
        let comparison = check(&run, &run);
        prop_assert!(judgements(&comparison).iter().all(|judgement| *judgement == Judgement::Same));
        prop_assert!(comparison.findings.is_empty());
    }

    /// Absolute floors do not scale, so they are off; powers of two keep the arithmetic exact.
    #[test]
    fn scaling_both_sides_leaves_judgements(left in values(), right in values(), power in -8..20_i32) {
        let rules: String = perfkit_compare::rules::RULES
            .iter()
            .map(|rule| format!("[rules.{}]\nhard = 0\n", rule.id))
            .collect();
        let policy: Policy = toml::from_str(&rules).expect("a valid policy");
        let both = |scale: f64| {
            let one = |values| case(RunBuilder::new(), "work", values, scale).build();
            judgements(&check_with(&one(&left), &one(&right), &policy))
        };
        prop_assert_eq!(both(1.0), both(2.0_f64.powi(power)));
    }

    #[test]
    fn permuting_cases_leaves_the_result(cases in vec((values(), values()), 1..5), turn in 0..5_usize) {
        let names = ["a", "b", "c", "d", "e"];
        let side = |pick: fn(&(Values, Values)) -> &Values, turn: usize| {
            let mut list: Vec<(&str, &Values)> = names.into_iter().zip(cases.iter().map(pick)).collect();
            let turn = turn % list.len();
            list.rotate_left(turn);
            run(&list)
        };
        let (base, head) = (side(|pair| &pair.0, 0), side(|pair| &pair.1, 0));
        let turned = check(&side(|pair| &pair.0, turn), &side(|pair| &pair.1, turn + 1));
        prop_assert_eq!(check(&base, &head), turned);
    }

    #[test]
    fn an_unrelated_case_changes_nothing(left in values(), right in values(), other in values()) {
        let alone = check(&run(&[("work", &left)]), &run(&[("work", &right)]));
        let beside = check(
            &run(&[("work", &left), ("other", &other)]),
            &run(&[("other", &other), ("work", &right)]),
        );
        let rows: Vec<_> = beside.rows.into_iter().filter(|row| row.case.workload == "work").collect();
        prop_assert_eq!(alone.rows, rows);
        prop_assert_eq!(alone.findings, beside.findings);
        prop_assert_eq!(alone.verdict, beside.verdict);
    }

    #[test]
    fn the_smallest_effect_is_one(base in values()) {
        let run = run(&[("work", &base)]);
        for row in check(&run, &run).rows {
            let effect = row.smallest_effect.expect("it was judged");
            let mut head = run.clone();
            let measurement = head.cases[0].measurements.get_mut(&row.metric).expect("a row has a value");
            measurement.value += effect;
            measurement.samples.iter_mut().for_each(|sample| *sample += effect);
            let rows = check(&run, &head).rows;
            let grown = rows.iter().find(|other| other.metric == row.metric).expect("the same rows");
            prop_assert_eq!(&grown.judgement, &Judgement::Worse);
        }
    }

    #[test]
    fn any_values_are_survived(
        left in any::<f64>(), right in any::<f64>(), samples in vec(any::<f64>(), 0..4), near in any::<bool>(),
    ) {
        let noise = if near { Noise::NearExact } else { Noise::Exact };
        let one = |value| RunBuilder::new().case("work", "").measurement("heap.peak", value, noise, &samples).build();
        let (forth, back) = (check(&one(left), &one(right)), check(&one(right), &one(left)));
        prop_assert!(!(judgements(&forth)[0] == Judgement::Worse && judgements(&back)[0] == Judgement::Worse));
    }

    /// Whatever moves to another caller or another line, causes add up to what was added.
    #[test]
    fn causes_add_up_to_the_growth(
        stacks in vec((0..4_u32, 0..3_u32, 1..1_000_u64), 1..12), added in vec((0..3_u32, 100..900_u64), 1..4),
    ) {
        let name = |number: u32| format!("app::site_{number}");
        let total: u64 = stacks.iter().map(|(_, _, weight)| weight).sum();
        let more: u64 = added.iter().map(|(_, weight)| weight).sum();
        let run = |head: bool| {
            let grown = if head { total + more } else { total };
            let mut builder = RunBuilder::new().case("work", "").exact("heap.allocs", grown as f64);
            for (caller, site, weight) in &stacks {
                // The head calls everything from elsewhere, ten lines further down.
                let shift = if head { 10 } else { 0 };
                let path = [
                    function(&name(100 + caller + shift), "src/callers.rs", 1),
                    function(&name(*site), "src/sites.rs", 5 + shift),
                    allocator(),
                ];
                builder = builder.stack(&path, &[("heap.allocs", *weight)]);
            }
            for (site, weight) in added.iter().filter(|_| head) {
                let path = [function(&name(50 + site), "src/new.rs", *site), allocator()];
                builder = builder.stack(&path, &[("heap.allocs", *weight)]);
            }
            builder.build()
        };
        let policy: Policy =
            toml::from_str("[rules.allocations-grew]\nsoft = 0\nhard = 0").expect("a valid policy");
        let comparison = check_with(&run(false), &run(true), &policy);
        let causes = &comparison.findings[0].causes;
        let growth: f64 = causes.iter().map(|cause| cause.head - cause.base).sum();
        prop_assert!((growth - more as f64).abs() < 1e-6, "{} instead of {}", growth, more);
        prop_assert!(causes.iter().all(|cause| cause.location.starts_with("src/new.rs")));
    }
}
