//! Exponents of growth, against values computed elsewhere.

use perfkit_compare::growth::growths;
use perfkit_model::metric::Noise;
use perfkit_model::run::{Case, CaseId, Measurement, Run, Units};

/// A workload with these values by argument, and as many items as are given.
fn run(variant: &str, values: &[(u64, f64)], items: impl Fn(u64) -> u64) -> Run {
    let case = |(arg, value): &(u64, f64)| Case {
        id: CaseId {
            workload: "merge".to_owned(),
            runtime: "current_thread".to_owned(),
            variant: Some(variant.to_owned()),
            arg: Some(*arg),
            ..CaseId::default()
        },
        units: Units {
            items: items(*arg),
            bytes: 0,
        },
        measurements: [(
            "time.cpu".to_owned(),
            Measurement {
                value: *value,
                noise: Noise::Noisy,
                samples: vec![*value],
                not_judged: None,
            },
        )]
        .into(),
        ..Case::default()
    };
    Run {
        cases: values.iter().map(case).collect(),
        ..Run::default()
    }
}

/// The exponent and its interval, rounded.
fn exponent(run: &Run) -> Option<(f64, f64, f64)> {
    let rounded = |value: f64| (value * 1e4).round() / 1e4;
    let growth = growths(None, run).into_iter().next()?;
    Some((
        rounded(growth.head.value),
        rounded(growth.head.low),
        rounded(growth.head.high),
    ))
}

#[test]
fn powers_are_found() {
    let square = [(1, 3.0), (10, 300.0), (100, 30_000.0)];
    assert_eq!(exponent(&run("a", &square, |_| 0)), Some((2.0, 2.0, 2.0)));
    // Per item: as many items as the argument take one power away.
    assert_eq!(
        exponent(&run("a", &square, |arg| arg)),
        Some((1.0, 1.0, 1.0))
    );
    let flat = [(1, 7.0), (8, 7.0), (64, 7.0)];
    assert_eq!(exponent(&run("a", &flat, |_| 5)), Some((0.0, 0.0, 0.0)));
}

/// Computed by the formulas of the book in Python.
#[test]
fn an_interval_covers_what_is_off_the_line() {
    let noisy = [(1, 10.0), (4, 11.5), (16, 19.0), (64, 41.0)];
    assert_eq!(
        exponent(&run("a", &noisy, |_| 0)),
        Some((0.3416, 0.032, 0.6512))
    );
}

#[test]
fn what_cannot_be_fitted_is_left_out() {
    let fits = |values: &[(u64, f64)]| exponent(&run("a", values, |_| 0)).is_some();
    assert!(!fits(&[]));
    assert!(!fits(&[(1, 1.0), (2, 2.0)]));
    assert!(!fits(&[(2, 1.0), (2, 2.0), (2, 3.0)]));
    assert!(!fits(&[(1, 1.0), (2, f64::NAN), (4, 3.0)]));
    assert!(!fits(&[(1, 1.0), (2, 0.0), (4, 3.0)]));
    assert!(!fits(&[(0, 1.0), (2, 1.0), (4, 3.0)]));
}

#[test]
fn the_base_is_the_same_workload() {
    let growing = [(1, 1.0), (2, 2.0), (4, 4.0)];
    let flat = [(1, 1.0), (2, 1.0), (4, 1.0)];
    let (story, cured) = (run("story", &growing, |_| 0), run("cured", &flat, |_| 0));
    let growth = growths(Some(&cured), &story).remove(0);
    assert_eq!(growth.args, (1, 4));
    assert_eq!(growth.head.value, 1.0);
    assert_eq!(growth.base.map(|base| base.value), Some(0.0));
}
