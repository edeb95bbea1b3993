//! Where a value of a branch's history changed and stayed.
//!
//! Exact values need no statistics: a step is where one changed and the new one came again. For all others there is
//! E-divisive, as MongoDB, Hunter and Apache Otava use it on the history of a main branch. Nothing here judges a
//! pull request: a step is seen only when some more entries have followed it.

pub mod divisive;
mod exact;
mod shuffle;

use perfkit_model::history::{Entry, History, Point, Series, Step};

/// Newest values that are looked at, in a series that is not exact: half a year of nightly runs. The time taken grows
/// with the square, and a step among so many takes a tenth of a second.
pub const MOST_VALUES: usize = 200;

/// Smallest change, relative to the median before, that is a step where values are not exact. However significant a
/// smaller one may be, nobody acts on it; rustc-perf hides what is below 0.2 % in counted instructions, which are
/// quieter than time.
pub const LEAST_CHANGE: f64 = 0.005;

/// One in so many values of an exact series may be inexact, or stand alone, before it is treated as a noisy one.
const MOST_EXCEPTIONS: usize = 5;

/// The steps of a series, oldest first.
///
/// `series` is one of [`History::series`] of the same history. Values are in the unit of the metric and stay in it.
/// The answer depends on nothing but them: the same history gives the same steps everywhere.
///
/// An exact step has two equal values on either side; see [`divisive::steps`] for the others. The newest entry alone
/// never makes a step.
#[must_use]
pub fn steps(history: &History, series: &Series) -> Vec<Step> {
    let (points, starts, exact) = match of_exact(&series.points) {
        Some((points, starts)) => (points, starts, true),
        None => {
            let newest = series.points.len().saturating_sub(MOST_VALUES);
            let points = series.points[newest..].to_vec();
            let values: Vec<f64> = points.iter().map(|point| point.value).collect();
            let starts = divisive::steps(&values);
            (points, starts, false)
        }
    };
    let mut ends = starts.clone();
    ends.push(points.len());
    ends.remove(0);
    let mut begin = 0;
    let mut steps = Vec::new();
    for (start, end) in starts.into_iter().zip(ends) {
        let (before, after) = (median(&points[begin..start]), median(&points[start..end]));
        begin = start;
        if !exact && (after - before).abs() < LEAST_CHANGE * before.abs() {
            continue;
        }
        let first = points[start].entry;
        let (Some(entry), Some(previous)) = (
            history.entries.get(first),
            history.entries.get(points[start - 1].entry),
        ) else {
            continue;
        };
        steps.push(Step {
            case: series.case.clone(),
            metric: series.metric.clone(),
            entry: first,
            revision: entry.revision.clone(),
            time: entry.time.clone(),
            previous: previous.revision.clone(),
            before,
            after,
            exact,
            also: changed(previous, entry),
        });
    }
    steps
}

/// The points of a series that is exact, without those that are exceptions, and where its steps are.
fn of_exact(points: &[Point]) -> Option<(Vec<Point>, Vec<usize>)> {
    let mut kept: Vec<Point> = points.to_vec();
    kept.retain(|point| point.exact);
    exact::drop_lone(&mut kept);
    let exceptions = points.len() - kept.len();
    if exceptions * MOST_EXCEPTIONS > points.len() {
        return None;
    }
    let starts = exact::steps(&kept);
    Some((kept, starts))
}

/// What may be the cause beside the code.
fn changed(previous: &Entry, entry: &Entry) -> Vec<String> {
    [
        (&previous.rustc, &entry.rustc),
        (&previous.target, &entry.target),
        (&previous.processor, &entry.processor),
    ]
    .into_iter()
    .filter(|(before, after)| before != after)
    .map(|(before, after)| format!("{before} → {after}"))
    .collect()
}

/// The middle value; the mean of both where there are two. `points` is not empty.
fn median(points: &[Point]) -> f64 {
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        // Halved first: the sum of two large ones need not be finite.
        _ => values[middle - 1] / 2.0 + values[middle] / 2.0,
    }
}
