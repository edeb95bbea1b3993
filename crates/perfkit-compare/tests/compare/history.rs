//! Steps in the history of a branch: what is found, how often nothing is found in noise, and what holds for all values.

use perfkit_compare::history::divisive::{self, LEAST_VALUES, Split};
use perfkit_compare::history::steps;
use perfkit_model::history::{Entry, EntryCase, HISTORY_FORMAT, History, Step};
use perfkit_model::run::CaseId;
use proptest::collection::vec;
use proptest::prelude::*;

/// How the values of a history came about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Exact,
    Median,
}

fn case() -> CaseId {
    CaseId {
        workload: "ddsplit".to_owned(),
        ..CaseId::default()
    }
}

/// One entry for each value; the revisions are `r0`, `r1`, …
fn history(metric: &str, kind: Kind, values: &[Option<f64>]) -> History {
    let entries = values.iter().enumerate().map(|(index, value)| {
        let values = value.iter().map(|value| (metric.to_owned(), *value));
        let (exact, median) = match kind {
            Kind::Exact => (values.collect(), Default::default()),
            Kind::Median => (Default::default(), values.collect()),
        };
        Entry {
            format: HISTORY_FORMAT,
            revision: format!("r{index}"),
            time: format!("2026-11-20T18:{index:02}:00Z"),
            rustc: "rustc 1.95.0".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            processor: "AMD EPYC 7B13".to_owned(),
            cases: vec![EntryCase {
                id: case(),
                exact,
                median,
            }],
        }
    });
    History {
        entries: entries.collect(),
    }
}

fn found(history: &History, metric: &str) -> Vec<Step> {
    steps(history, &history.series(&case(), metric))
}

/// `r5: 100 → 120`, one line for each step.
fn said(steps: &[Step]) -> String {
    let lines: Vec<String> = steps
        .iter()
        .map(|step| {
            let also: String = step.also.iter().map(|also| format!(" ({also})")).collect();
            format!(
                "{} after {}: {} → {}{also}",
                step.revision, step.previous, step.before, step.after
            )
        })
        .collect();
    lines.join("\n")
}

#[track_caller]
fn check_exact(values: &[f64], expected: &str) {
    let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    let history = history("heap.allocs", Kind::Exact, &values);
    assert_eq!(said(&found(&history, "heap.allocs")), expected);
}

/// Noise that is the same in every run of the tests, of mean 0.
struct Source(u64);

impl Source {
    fn uniform(&mut self) -> f64 {
        // Knuth's MMIX generator; the product's own is another one.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    }

    /// As good as normal, of variance 1: twelve uniform ones of variance 1/12.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum()
    }

    /// One value in ten is an outlier of up to 20 times the spread, upwards as outliers of times are.
    fn with_outliers(&mut self) -> f64 {
        let value = self.normal();
        match self.uniform() {
            rare if rare > 0.4 => value + 20.0 * (self.uniform() + 0.5),
            _ => value,
        }
    }
}

/// A series around 100 with a spread of 2.
fn noise(seed: u64, count: usize, draw: impl Fn(&mut Source) -> f64) -> Vec<f64> {
    let mut source = Source(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Numbers of neighbouring seeds are alike at first.
    for _ in 0..100 {
        source.uniform();
    }
    (0..count)
        .map(|_| 100.0 + 2.0 * draw(&mut source))
        .collect()
}

#[test]
fn an_exact_value_steps_where_it_changes_and_stays() {
    check_exact(&[], "");
    check_exact(&[7.0], "");
    check_exact(&[7.0, 7.0, 7.0, 7.0], "");
    check_exact(&[7.0, 7.0, 9.0, 9.0], "r2 after r1: 7 → 9");
    // There and gone again.
    check_exact(&[7.0, 7.0, 7.0, 9.0, 7.0, 7.0], "");
    check_exact(&[7.0, 7.0, 7.0, 9.0, 8.0, 8.0], "r4 after r2: 7 → 8");
    // Nobody knows yet whether it stays.
    check_exact(&[7.0, 7.0, 7.0, 7.0, 7.0, 9.0], "");
    check_exact(
        &[7.0, 7.0, 0.0, 0.0, 7.0, 7.0],
        "r2 after r1: 7 → 0\nr4 after r3: 0 → 7",
    );
    // The smallest change of all is one.
    check_exact(
        &[1e9, 1e9, 1e9 + 1.0, 1e9 + 1.0],
        "r2 after r1: 1000000000 → 1000000001",
    );
}

#[test]
fn missing_values_are_passed_over() {
    let values = [Some(7.0), Some(7.0), None, None, Some(9.0), None, Some(9.0)];
    let mut history = history("heap.allocs", Kind::Exact, &values);
    assert_eq!(said(&found(&history, "heap.allocs")), "r4 after r1: 7 → 9");
    assert_eq!(said(&found(&history, "heap.bytes")), "");
    history.entries[3].cases.clear();
    history.entries[4].rustc = "rustc 1.96.0".to_owned();
    assert_eq!(
        said(&found(&history, "heap.allocs")),
        "r4 after r1: 7 → 9 (rustc 1.95.0 → rustc 1.96.0)"
    );
    for bad in [f64::NAN, f64::INFINITY] {
        let values = [Some(7.0), Some(7.0), Some(bad), Some(9.0), Some(9.0)];
        let history = super::history::history("heap.allocs", Kind::Exact, &values);
        assert_eq!(said(&found(&history, "heap.allocs")), "r3 after r1: 7 → 9");
    }
}

#[test]
fn counts_that_never_repeat_are_treated_as_noisy() {
    let mut values = noise(1, 40, Source::normal);
    values[20..].iter_mut().for_each(|value| *value += 30.0);
    let rounded: Vec<Option<f64>> = values.iter().map(|value| Some(value.round())).collect();
    for kind in [Kind::Exact, Kind::Median] {
        let steps = found(&history("heap.allocs", kind, &rounded), "heap.allocs");
        let places: Vec<(usize, bool)> = steps.iter().map(|it| (it.entry, it.exact)).collect();
        assert_eq!(places, [(20, false)], "{kind:?}");
    }
}

#[test]
fn timings_of_another_processor_are_no_part_of_the_series() {
    let mut values = noise(2, 40, Source::normal);
    values[20..].iter_mut().for_each(|value| *value += 30.0);
    let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
    let mut history = history("time.cpu", Kind::Median, &values);
    assert_eq!(found(&history, "time.cpu").len(), 1);
    for entry in &mut history.entries[..20] {
        entry.processor = "AMD EPYC 9B14".to_owned();
    }
    assert_eq!(history.series(&case(), "time.cpu").elsewhere, 20);
    assert_eq!(found(&history, "time.cpu"), Vec::<Step>::new());
}

#[test]
fn what_is_too_small_to_matter_is_no_step() {
    for (change, expected) in [(1.004, 0), (1.006, 1)] {
        let values: Vec<Option<f64>> = (0..40)
            .map(|index| {
                let wiggle = 1.0 + f64::from(index % 7) * 1e-5;
                Some(if index < 20 {
                    1e9 * wiggle
                } else {
                    1e9 * change * wiggle
                })
            })
            .collect();
        let history = history("time.cpu", Kind::Median, &values);
        assert_eq!(found(&history, "time.cpu").len(), expected, "×{change}");
    }
}

#[test]
fn a_long_history_is_looked_at_from_its_newest_end() {
    let mut values = noise(3, 1_000, Source::normal);
    values[..700].iter_mut().for_each(|value| *value += 30.0);
    values[950..].iter_mut().for_each(|value| *value += 30.0);
    let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
    let steps = found(&history("time.cpu", Kind::Median, &values), "time.cpu");
    let places: Vec<usize> = steps.iter().map(|step| step.entry).collect();
    assert_eq!(places, [950]);
}

#[test]
fn a_level_that_was_left_again_has_two_steps() {
    let mut values = noise(4, 50, Source::normal);
    values[20..30].iter_mut().for_each(|value| *value += 20.0);
    assert_eq!(divisive::steps(&values), [20, 30]);
}

/// In how many series of 50 values a step is found, and of those that have one in how many within one entry of its
/// place. The documentation of `divisive` quotes these numbers.
#[test]
fn how_often_there_is_a_step() {
    let mut table = String::new();
    let mut row = |what: &str,
                   count: u64,
                   series: &dyn Fn(u64) -> Vec<f64>,
                   place: Option<usize>| {
        let (mut any, mut right, mut others) = (0, 0, 0);
        for seed in 0..count {
            let found = divisive::steps(&series(seed));
            let near = |step: &&usize| place.is_some_and(|place| place.abs_diff(**step) <= 1);
            any += usize::from(!found.is_empty());
            let at_place = found.iter().filter(near).count();
            right += usize::from(at_place > 0);
            others += found.len() - at_place;
        }
        table.push_str(&match place {
            None => format!("{what}: a step in {any} of {count}\n"),
            Some(_) => format!("{what}: found in {any} of {count}, in {right} within one entry; {others} steps elsewhere\n"),
        });
    };
    row(
        "normal noise",
        1_000,
        &|seed| noise(seed, 50, Source::normal),
        None,
    );
    row(
        "one outlier in ten",
        1_000,
        &|seed| noise(seed, 50, Source::with_outliers),
        None,
    );
    row(
        "uniform noise",
        1_000,
        &|seed| noise(seed, 50, Source::uniform),
        None,
    );
    row(
        "15 values",
        1_000,
        &|seed| noise(seed, 15, Source::normal),
        None,
    );
    for related in [0.3, 0.6] {
        let series = |seed| {
            let mut before = 0.0;
            let mut values = noise(seed, 50, Source::normal);
            for value in &mut values {
                before = related * before + (*value - 100.0);
                *value = 100.0 + before;
            }
            values
        };
        row(
            &format!("every value has {related} of the one before"),
            200,
            &series,
            None,
        );
    }
    for (percent, place) in [
        (3.0, 25),
        (5.0, 25),
        (10.0, 25),
        (10.0, 47),
        (10.0, 46),
        (10.0, 45),
    ] {
        let series = |draw: fn(&mut Source) -> f64| {
            move |seed| {
                let mut values = noise(seed, 50, draw);
                values[place..]
                    .iter_mut()
                    .for_each(|value| *value += percent);
                values
            }
        };
        let what = format!("+{percent} % at 2 % noise, {} entries ago", 50 - place);
        row(&what, 20, &series(Source::normal), Some(place));
        if place == 25 {
            row(
                &format!("{what}, one outlier in ten"),
                20,
                &series(Source::with_outliers),
                Some(place),
            );
        }
    }
    insta::assert_snapshot!(table);
}

/// The statistic as the paper writes it, over all places and ends.
fn reference(values: &[f64]) -> Option<Split> {
    let distance = |left: &[f64], right: &[f64]| -> f64 {
        left.iter()
            .flat_map(|x| right.iter().map(move |y| (x - y).abs()))
            .sum()
    };
    let mut best: Option<Split> = None;
    for at in LEAST_VALUES..values.len() {
        for end in at + LEAST_VALUES..=values.len() {
            let (left, right) = (&values[..at], &values[at..end]);
            let (n, m) = (left.len() as f64, right.len() as f64);
            // Every pair is counted twice inside a side.
            let energy = 2.0 / (m * n) * distance(left, right)
                - distance(left, left) / (n * (n - 1.0))
                - distance(right, right) / (m * (m - 1.0));
            let statistic = m * n / (m + n) * energy;
            if statistic > best.map_or(1e-6, |best| best.statistic) {
                best = Some(Split { at, end, statistic });
            }
        }
    }
    best
}

/// Whole values keep the arithmetic exact, whatever is added.
fn whole() -> impl Strategy<Value = Vec<f64>> {
    vec((0..1_000_i32).prop_map(f64::from), 0..40)
}

proptest! {
    // Every step that is found is tested against 999 shuffled copies, which takes time in a debug build.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_statistic_is_that_of_the_paper(values in vec((0..50_i32).prop_map(f64::from), 0..16)) {
        let (fast, slow) = (divisive::best_split(&values), reference(&values));
        match (fast, slow) {
            (Some(fast), Some(slow)) => {
                prop_assert!((fast.statistic - slow.statistic).abs() < 1e-6, "{fast:?} {slow:?}");
            }
            (fast, slow) => prop_assert_eq!(fast.is_some(), slow.is_some()),
        }
    }

    #[test]
    fn adding_and_scaling_move_no_step(values in whole(), added in -1_000..1_000_i32, power in -8..20_i32, step in 0..3_i32) {
        let mut values = values;
        let middle = values.len() / 2;
        values[middle..].iter_mut().for_each(|value| *value += f64::from(step) * 500.0);
        let steps = divisive::steps(&values);
        let moved: Vec<f64> = values.iter().map(|value| (value + f64::from(added)) * 2.0_f64.powi(power)).collect();
        prop_assert_eq!(&steps, &divisive::steps(&moved));
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        prop_assert_eq!(&steps, &divisive::steps(&turned));
    }

    #[test]
    fn constant_and_tiny_series_have_no_step(value in any::<f64>(), count in 0..60_usize, tiny in vec(-1e12..1e12_f64, 0..10)) {
        prop_assert_eq!(divisive::steps(&vec![value; count]), Vec::<usize>::new());
        prop_assert_eq!(divisive::steps(&tiny), Vec::<usize>::new());
    }

    #[test]
    fn an_outlier_is_no_step(seed in 0..10_000_u64, at in 0..50_usize, far in -1e9..1e9_f64) {
        let mut values = noise(seed, 50, Source::normal);
        // Noise that has a step by chance proves nothing.
        prop_assume!(divisive::steps(&values).is_empty());
        values[at] += far;
        let steps = divisive::steps(&values);
        prop_assert!(steps.is_empty(), "{:?}", steps);
    }

    #[test]
    fn a_clear_step_is_found_at_its_place(seed in 0..10_000_u64, at in 6..44_usize, up in any::<bool>()) {
        let mut values = noise(seed, 50, Source::normal);
        let change = if up { 20.0 } else { -20.0 };
        values[at..].iter_mut().for_each(|value| *value += change);
        let steps = divisive::steps(&values);
        prop_assert!(steps.iter().any(|step| step.abs_diff(at) <= 1), "{steps:?} and not {at}");
    }

    #[test]
    fn any_values_are_survived(values in vec(proptest::option::of(any::<f64>()), 0..40), exact in any::<bool>()) {
        let kind = if exact { Kind::Exact } else { Kind::Median };
        let history = history("heap.peak", kind, &values);
        for step in found(&history, "heap.peak") {
            prop_assert!(step.entry > 0 && step.entry < values.len());
            prop_assert!(step.before.is_finite() && step.after.is_finite());
        }
    }
}
