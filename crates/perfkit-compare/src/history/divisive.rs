//! E-divisive: Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate
//! data", Journal of the American Statistical Association 109 (2014), with distances |x − y| (α = 1).
//!
//! A segment is cut where its two sides differ most in distribution, if shuffled copies of it can hardly be cut as
//! well, and then each side on its own. Significance is the paper's permutation test, and not the Student's t-test
//! of Hunter (Fleming et al., ICPE 2023) and Apache Otava. The t-test does not know that the place was chosen as the
//! best of many, and expects normal values; timings have outliers. A shuffled copy is searched as the series is, so
//! the test is exact for any distribution as long as the order means nothing, and one outlier is no step, because
//! it would be as far out in any order. Hunter left the test for its randomness and its time: here the shuffles are
//! always the same, and the first that does as well ends the test.
//!
//! Measured over 1,000 series of 50 values without a step: 1 with normal noise has one, 3 where one value in ten is an
//! outlier. A step of 5 % in noise of 2 % is found in every series, in nine of ten within one entry of its place;
//! one of 10 % in three of four series when it has 3 entries, and in all when it has 5 (`tests/compare/history.rs`).
//!
//! What it cannot know is that values are related to their neighbours, as on a machine that was busy for a week:
//! such a week is a step, and a step back. Where every value keeps 0.3 of the deviation of the one before, 3 % of
//! the series have a step, and with 0.6 it is 27 %: take a history's timings on a machine that is left alone.

use super::shuffle::Random;

/// Fewest values on either side of a step. One or two that are out of line are outliers. More would find steps later,
/// and was measured to give no fewer false ones.
pub const LEAST_VALUES: usize = 3;

/// Shuffled copies that a step has to beat, all of them: for a series without step the chance of one is 1 in 1,000
/// (a Monte Carlo test is exact for any number of copies), the level that Hunter and Otava use by default.
pub const SHUFFLES: usize = 999;

/// A sum of the same numbers in another order differs by this much, relatively, and is no less for it.
const ROUNDING: f64 = 1e-9;

/// Where a segment is cut best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Index of the first value after the cut.
    pub at: usize,
    /// Index behind the values after the cut that the values before it were compared with.
    pub end: usize,
    /// Q̂, equation (7) of the paper, in the unit of the values; more than 0.
    pub statistic: f64,
}

/// Indices of the values that begin a new level, in order.
///
/// `values` are finite, in the order of time, and of any unit: adding to all of them or scaling them changes no
/// index. Fewer than about 14 values have no step, however far apart they are, because too few orders of them
/// differ. Takes time that grows with the square of their number.
#[must_use]
pub fn steps(values: &[f64]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut waiting = vec![(0, values.len())];
    while let Some((start, end)) = waiting.pop() {
        let segment = &values[start..end];
        let Some(split) = best_split(segment) else {
            continue;
        };
        if is_significant(segment, &split) {
            let at = start + split.at;
            found.push(at);
            waiting.extend([(start, at), (at, end)]);
        }
    }
    found.sort_unstable();
    found
}

/// The cut with the largest statistic, over all places `at` and all ends, as in the paper; none where no two values
/// differ or there are less than twice [`LEAST_VALUES`]. Of cuts that are as good the first counts.
///
/// With n values before the cut and m after it, up to `end`:
/// Q̂ = mn/(m+n) · (2/mn Σ|x−y| − 2/n(n−1) Σ|x−x′| − 2/m(m−1) Σ|y−y′|), sums over pairs.
///
/// The end is searched, too, because a level that was left again is compared with itself only then.
#[must_use]
pub fn best_split(values: &[f64]) -> Option<Split> {
    let mut best: Option<Split> = None;
    search(values, |split| {
        if split.statistic > best.map_or(0.0, |best| best.statistic * (1.0 + ROUNDING)) {
            best = Some(split);
        }
        true
    });
    // Of values that are all the same, rounding must not make a step.
    let scale = values
        .iter()
        .fold(0.0_f64, |scale, value| scale.max(value.abs()));
    best.filter(|best| best.statistic > scale * ROUNDING)
}

/// Whether no shuffled copy can be cut as well.
fn is_significant(values: &[f64], split: &Split) -> bool {
    let enough = split.statistic * (1.0 - ROUNDING);
    let mut random = Random::new();
    let mut shuffled = values.to_vec();
    (0..SHUFFLES).all(|_| {
        random.shuffle(&mut shuffled);
        search(&shuffled, |split| split.statistic < enough)
    })
}

/// Visits every cut until told to stop; whether it came to the end.
///
/// PERF: one pass per end, and in it one over the places. `between[at]` is Σ|x−y| of all pairs across the cut, and
/// `within[end]` that of all pairs before `end`, from which the pairs after the cut follow.
fn search(values: &[f64], mut go_on: impl FnMut(Split) -> bool) -> bool {
    let count = values.len();
    let mut between = vec![0.0; count + 1];
    let mut within = vec![0.0; count + 1];
    for newest in 0..count {
        let end = newest + 1;
        let mut distances = 0.0;
        for at in 1..=newest {
            distances += (values[at - 1] - values[newest]).abs();
            between[at] += distances;
        }
        within[end] = within[newest] + distances;
        for at in LEAST_VALUES..=end.saturating_sub(LEAST_VALUES) {
            let (before, after) = (at as f64, (end - at) as f64);
            let pairs_after = within[end] - within[at] - between[at];
            let statistic = 2.0 / (before + after)
                * (between[at]
                    - after / (before - 1.0) * within[at]
                    - before / (after - 1.0) * pairs_after);
            let split = Split { at, end, statistic };
            if !go_on(split) {
                return false;
            }
        }
    }
    true
}
