//! The statistics that timings are judged by.

use perfkit_compare::timing::signed_rank::{outside, shift};
use perfkit_compare::timing::{Decision, Gate, LOOKS};
use perfkit_model::interleaved::Round;
use proptest::prelude::*;

const GATE: Gate = Gate {
    floor: 0.01,
    detect: 0.03,
    alpha: 0.001,
};

fn rounds(values: &[(f64, f64, f64)]) -> Vec<Round> {
    values
        .iter()
        .map(|(base, head, control)| Round {
            base: *base,
            head: *head,
            control: *control,
        })
        .collect()
}

/// Rounds of a head that takes `factor` times as long, with a little noise that repeats.
fn wobbling(count: usize, factor: f64) -> Vec<Round> {
    let noise = |index: usize| 1.0 + 0.003 * ((index * 7 % 11) as f64 - 5.0) / 5.0;
    (0..count)
        .map(|index| Round {
            base: 1e6 * noise(index),
            head: 1e6 * factor * noise(index + 3),
            control: 1e6 * noise(index + 5),
        })
        .collect()
}

/// Largest sums of ranks that are at most as probable as the level, from McCornack's tables of the signed-rank statistic
/// (J. Amer. Statist. Assoc. 60, 1965).
#[test]
fn quantiles_are_those_of_the_published_tables() {
    let table = [
        (10, [10, 8, 5, 3]),
        (15, [30, 25, 19, 15]),
        (20, [60, 52, 43, 37]),
        (25, [100, 89, 76, 68]),
        (30, [151, 137, 120, 109]),
    ];
    for (count, expected) in table {
        let found = [0.05, 0.025, 0.01, 0.005].map(|alpha| outside(count, alpha));
        assert_eq!(found, expected.map(Some), "{count} differences");
    }
}

/// The same by another way: all assignments of signs to ranks, counted one by one.
#[test]
fn quantiles_are_those_of_all_assignments_of_signs() {
    for count in 1..=14_usize {
        let mut sums = vec![0_u32; count * (count + 1) / 2 + 1];
        for signs in 0..1_u32 << count {
            let sum: usize = (0..count)
                .filter(|rank| signs >> rank & 1 == 1)
                .map(|rank| rank + 1)
                .sum();
            sums[sum] += 1;
        }
        for alpha in [0.2, 0.05, 0.01, 0.001, 0.0001] {
            let allowed = alpha * f64::from(1_u32 << count);
            let mut at_most = 0;
            let mut expected = None;
            for (sum, number) in sums.iter().enumerate() {
                at_most += number;
                if f64::from(at_most) <= allowed {
                    expected = Some(sum);
                }
            }
            assert_eq!(outside(count, alpha), expected, "{count} at {alpha}");
        }
    }
}

/// Darwin's maize: 15 differences in height between crossed and self-fertilised plants, in eighths of an inch. The
/// expected values come from an implementation of its own, in Python with exact fractions.
#[test]
fn shift_of_a_known_sample() {
    let maize = [
        49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0,
    ];
    for (alpha, low, high) in [(0.025, 4.0, 41.5), (0.001, -21.5, 54.5)] {
        let found = shift(&maize, alpha).unwrap();
        assert_eq!((found.estimate, found.low, found.high), (25.0, low, high));
    }
    assert_eq!(outside(40, 0.001), Some(185));
    assert_eq!(outside(80, 0.001), Some(983));
    assert_eq!(outside(160, 0.0001), Some(4_278));
}

#[test]
fn too_few_differences_have_no_bounds() {
    for count in 1..10 {
        let found = shift(&vec![0.5; count], 0.001).unwrap();
        assert_eq!(found.estimate, 0.5);
        assert!(
            found.low.is_infinite() && found.high.is_infinite(),
            "{count}"
        );
        let timing = GATE.judge(&wobbling(count, 1.5), 1);
        assert_eq!((timing.decision, timing.estimate), (Decision::Open, None));
    }
    assert_eq!(shift(&[], 0.001), None);
    assert_eq!(shift(&[1.0, f64::NAN], 0.001), None);
}

#[test]
fn decisions_of_known_effects() {
    let decided = |factor| GATE.judge(&wobbling(LOOKS[0], factor), 1).decision;
    assert_eq!(decided(1.0), Decision::Same);
    assert_eq!(decided(1.006), Decision::Same);
    assert_eq!(decided(1.05), Decision::Worse);
    assert_eq!(decided(0.95), Decision::Better);
}

#[test]
fn constant_samples_are_the_same() {
    let timing = GATE.judge(&rounds(&[(5.0, 5.0, 5.0); 10]), 1);
    let estimate = timing.estimate.unwrap();
    assert_eq!(timing.decision, Decision::Same);
    assert_eq!(
        (estimate.effect, estimate.low, estimate.high),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn a_base_that_differs_from_itself_judges_nothing() {
    let twisted: Vec<Round> = wobbling(20, 1.05)
        .into_iter()
        .map(|round| Round {
            control: round.control * 1.05,
            ..round
        })
        .collect();
    assert_eq!(GATE.judge(&twisted, 1).decision, Decision::ControlFailed);
}

#[test]
fn rounds_without_a_value_are_left_out() {
    let mut rounds = wobbling(12, 1.05);
    let judged = GATE.judge(&rounds, 1);
    for missing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        rounds.push(Round {
            head: missing,
            ..rounds[0]
        });
    }
    assert_eq!(GATE.judge(&rounds, 1), judged);
    assert_eq!(judged.estimate.unwrap().pairs, 12);
}

#[test]
fn more_cases_have_to_be_surer() {
    assert_eq!(Gate::new(0.01, 1).alpha, 0.001);
    assert_eq!(Gate::new(0.01, 10).alpha, 0.001);
    assert_eq!(Gate::new(0.01, 100).alpha, 0.0001);
    assert_eq!(Gate::new(0.01, 0), Gate::new(0.01, 1));
}

fn any_rounds() -> impl Strategy<Value = Vec<Round>> {
    let value = || 0.5_f64..2.0;
    let round = (value(), value(), value());
    prop::collection::vec(round, 0..40).prop_map(|values| rounds(&values))
}

/// Most orders of the head's sections happen to be slower: ten of them are too few to say so, and measuring those ten again
/// makes no further order of them.
#[test]
fn rounds_of_the_same_orders_are_no_further_evidence() {
    let luck = [1.06, 1.05, 0.96, 1.06, 1.04, 1.05, 0.97, 1.06, 1.05, 1.04];
    let once = rounds(&luck.map(|factor| (5e6, 5e6 * factor, 5e6)));
    let again = once.repeat(8);
    assert_eq!(GATE.judge(&again, 1).decision, Decision::Worse);
    let (judged, anew) = (GATE.judge(&once, 1), GATE.judge(&again, 10));
    assert_eq!(anew.decision, Decision::Open);
    assert!((anew.smallest_effect.unwrap() - judged.smallest_effect.unwrap()).abs() < 1e-12);
    let of_one_order = GATE.judge(&again, 80);
    assert_eq!(of_one_order, GATE.judge(&again, 1));
}

/// Ten orders that all got faster, some by much: how much better it got is open, and that it did not get worse is not.
#[test]
fn what_may_be_better_is_not_worse() {
    let luck = [0.94, 0.99, 0.93, 0.995, 0.96, 0.98, 0.94, 0.998, 0.97, 0.95];
    let faster = rounds(&luck.map(|factor| (5e6, 5e6 * factor, 5e6)));
    let timing = GATE.judge(&faster, 1);
    assert_eq!(
        (timing.decision, timing.excludes_growth),
        (Decision::Open, true),
        "{timing:?}"
    );
    let slower = GATE.judge(&swapped(&faster), 1);
    assert_eq!(
        (slower.decision, slower.excludes_growth),
        (Decision::Open, false),
        "{slower:?}"
    );
}

fn swapped(rounds: &[Round]) -> Vec<Round> {
    rounds
        .iter()
        .map(|round| Round {
            base: round.head,
            head: round.base,
            control: round.head * round.control / round.base,
        })
        .collect()
}

proptest! {
    /// What is worse one way is better the other way, by the same ratio.
    #[test]
    fn swapping_the_sides_turns_the_answer(rounds in any_rounds()) {
        let (there, back) = (GATE.judge(&rounds, 1), GATE.judge(&swapped(&rounds), 1));
        let turned = match there.decision {
            Decision::Worse => Decision::Better,
            Decision::Better => Decision::Worse,
            other => other,
        };
        prop_assert_eq!(back.decision, turned);
        if let (Some(there), Some(back)) = (there.estimate, back.estimate) {
            prop_assert!(((1.0 + there.effect) * (1.0 + back.effect) - 1.0).abs() < 1e-9);
            prop_assert!(((1.0 + there.low) * (1.0 + back.high) - 1.0).abs() < 1e-9);
        }
    }

    /// Another unit, another processor: nothing changes.
    #[test]
    fn scaling_both_sides_leaves_the_answer(rounds in any_rounds(), factor in 1e-3_f64..1e9) {
        let scaled: Vec<Round> = rounds
            .iter()
            .map(|round| Round {
                base: round.base * factor,
                head: round.head * factor,
                control: round.control * factor,
            })
            .collect();
        prop_assert_eq!(GATE.judge(&scaled, 1).decision, GATE.judge(&rounds, 1).decision);
    }

    /// The order of the rounds is no evidence.
    #[test]
    fn permuting_rounds_leaves_the_answer(rounds in any_rounds(), by in 0_usize..40) {
        let mut turned = rounds.clone();
        turned.rotate_left(by % rounds.len().max(1));
        turned.reverse();
        prop_assert_eq!(GATE.judge(&turned, 1), GATE.judge(&rounds, 1));
    }

    /// One process in ten that something disturbed by any amount turns no equal sides into a difference.
    #[test]
    fn an_outlier_among_ten_is_no_difference(factor in 1.0_f64..1e6, at in 0_usize..20) {
        let mut rounds = wobbling(20, 1.0);
        rounds[at].head *= factor;
        let decision = GATE.judge(&rounds, 1).decision;
        prop_assert!(matches!(decision, Decision::Same | Decision::Open), "{decision:?}");
    }

    /// Ties and repeated values have an interval that holds the estimate.
    #[test]
    fn intervals_hold_the_estimate(steps in prop::collection::vec(-3_i32..4, 10..60)) {
        let differences: Vec<f64> = steps.iter().map(|step| f64::from(*step)).collect();
        let found = shift(&differences, 0.001).unwrap();
        prop_assert!(found.low <= found.estimate && found.estimate <= found.high);
        let narrower = shift(&differences, 0.05).unwrap();
        prop_assert!(found.low <= narrower.low && narrower.high <= found.high);
    }

    /// Whatever the values are, there is an answer.
    #[test]
    fn any_values_are_survived(values in prop::collection::vec(any::<(f64, f64, f64)>(), 0..30)) {
        let timing = GATE.judge(&rounds(&values), 1);
        if let Some(estimate) = timing.estimate {
            prop_assert!(estimate.low <= estimate.high);
        }
    }

    /// Nothing smaller than what linking anew may give is ever called worse.
    #[test]
    fn smallest_effects_are_beyond_the_floor(rounds in any_rounds()) {
        let timing = GATE.judge(&rounds, 1);
        prop_assert!(timing.smallest_effect.is_none_or(|effect| effect >= GATE.floor - 1e-12));
    }
}
