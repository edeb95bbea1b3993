//! How costs grow with the argument of a workload.
//!
//! A workload that declares `args` is one case per argument. Where the value of a metric, per item if items are declared, is
//! `c·argᵏ`, the logarithms lie on a line with the slope `k`: 0 does not grow, 1 grows with the argument, and a body
//! whose items are its argument is O(n²) at 1. The line is the one of least squares, and the interval of its slope that of
//! Student's t distribution (Draper, Smith: Applied Regression Analysis, 3rd ed., section 1.4). It covers noise as well as
//! growth that is no power: both make points lie off the line.

use std::collections::BTreeMap;

use perfkit_model::comparison::{Exponent, Growth};
use perfkit_model::run::{Case, CaseId, Run};

/// Fewest arguments of a fit: through two points there is always a line.
const FEWEST: usize = 3;

/// Metrics whose growth is worth a line, in the order of the report.
const METRICS: [&str; 6] = [
    "time.cpu",
    "instructions.count",
    "heap.allocs",
    "heap.bytes",
    "memcpy.bytes",
    "io.calls",
];

/// Quantiles of Student's t distribution at 97.5 %, from one degree of freedom on.
const T: [f64; 10] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
];

/// Fits every workload with enough arguments, beside the same of the base.
#[must_use]
pub fn growths(base: Option<&Run>, head: &Run) -> Vec<Growth> {
    let of_base = base.map(families).unwrap_or_default();
    let mut growths = Vec::new();
    for (id, cases) in families(head) {
        for metric in METRICS {
            let Some(exponent) = fit(&points(&cases, metric)) else {
                continue;
            };
            let paired = of_base.iter().find(|(other, _)| **other == id).or_else(|| {
                let mut others = of_base.iter();
                others.find(|(other, _)| other.pairs_with(&id))
            });
            let args = || cases.iter().filter_map(|case| case.id.arg);
            growths.push(Growth {
                case: id.clone(),
                metric: metric.to_owned(),
                args: (
                    args().min().unwrap_or_default(),
                    args().max().unwrap_or_default(),
                ),
                base: paired.and_then(|(_, cases)| fit(&points(cases, metric))),
                head: exponent,
            });
        }
    }
    growths
}

/// Cases that differ in their argument alone, by what they have in common.
fn families(run: &Run) -> BTreeMap<CaseId, Vec<&Case>> {
    let mut families: BTreeMap<CaseId, Vec<&Case>> = BTreeMap::new();
    for case in run.cases.iter().filter(|case| case.id.arg > Some(0)) {
        let id = CaseId {
            arg: None,
            ..case.id.clone()
        };
        families.entry(id).or_default().push(case);
    }
    families
}

/// Logarithms of arguments and of values per item. None where one of the values is missing, damaged or nothing.
fn points(cases: &[&Case], metric: &str) -> Vec<(f64, f64)> {
    let point = |case: &&Case| {
        let value = case.measurements.get(metric)?.value / case.units.items.max(1) as f64;
        let is_usable = value.is_finite() && value > 0.0;
        is_usable.then(|| ((case.id.arg.unwrap_or(1) as f64).ln(), value.ln()))
    };
    cases
        .iter()
        .map(point)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// The slope of the line through these points; `None` for fewer than three different arguments.
pub(crate) fn fit(points: &[(f64, f64)]) -> Option<Exponent> {
    let count = points.len() as f64;
    let mut places: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    if places.len() < FEWEST {
        return None;
    }
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let common: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let slope = common / spread;
    let residual = |(x, y): &(f64, f64)| (y - mean_y - slope * (x - mean_x)).powi(2);
    let freedom = points.len() - 2;
    let variance = points.iter().map(residual).sum::<f64>() / freedom as f64;
    let reach = T[freedom.min(T.len()) - 1] * (variance / spread).sqrt();
    Some(Exponent {
        value: slope,
        low: slope - reach,
        high: slope + reach,
    })
}
