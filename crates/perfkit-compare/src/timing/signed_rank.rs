//! Wilcoxon's signed-rank test, turned into an estimate and an interval.
//!
//! The Hodges-Lehmann estimate of a shift is the median of all Walsh averages (the means of every two differences, and of
//! each with itself); the interval lies between two of them, and which two follows from the exact distribution of the
//! signed-rank statistic. It assumes that the differences are symmetric about the shift, which swapping the two sides of a
//! pair at random makes true of two equal sides, whatever the noise looks like. A few wild pairs hardly move it.
//!
//! Hodges, Lehmann: Estimates of location based on rank tests, Ann. Math. Statist. 34 (1963). Hollander, Wolfe, Chicken:
//! Nonparametric Statistical Methods, 3rd ed., sections 3.2 and 3.3.

/// A shift with the interval it lies in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The Hodges-Lehmann estimate.
    pub estimate: f64,
    /// Lower end; minus infinity where there are too few differences for one.
    pub low: f64,
    /// Upper end; infinity where there are too few.
    pub high: f64,
}

/// Differences beyond which more say nothing new; their Walsh averages would fill memory.
pub const MOST: usize = 1_000;

/// The shift of these differences, each end of the interval wrong with a probability of at most `alpha`.
///
/// `None` without any difference, or where one is not finite. The first [`MOST`] are looked at.
#[must_use]
pub fn shift(differences: &[f64], alpha: f64) -> Option<Shift> {
    let differences = &differences[..differences.len().min(MOST)];
    if differences.is_empty() || differences.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (index, left) in differences.iter().enumerate() {
        averages.extend(
            differences[index..]
                .iter()
                .map(|right| f64::midpoint(*left, *right)),
        );
    }
    averages.sort_by(f64::total_cmp);
    let (low, high) = match outside(differences.len(), alpha) {
        Some(outside) => (averages[outside], averages[averages.len() - 1 - outside]),
        None => (f64::NEG_INFINITY, f64::INFINITY),
    };
    Some(Shift {
        estimate: median(&averages),
        low,
        high,
    })
}

/// How many Walsh averages lie outside of the interval at each end: the largest `k` for which the signed-rank statistic of
/// `count` differences is `k` or less with a probability of at most `alpha`. `None` where not even 0 is that improbable.
#[must_use]
pub fn outside(count: usize, alpha: f64) -> Option<usize> {
    let mut sum = 0.0;
    for (value, probability) in distribution(count).into_iter().enumerate() {
        sum += probability;
        if sum > alpha {
            return value.checked_sub(1);
        }
    }
    None
}

/// Probabilities of the statistic's values 0, 1, 2, … under no shift: of all sets of the ranks 1 to `count`, the part
/// with that sum.
///
/// Only the lower half is needed and computed; the distribution is symmetric.
fn distribution(count: usize) -> Vec<f64> {
    let half = count * (count + 1) / 4;
    let mut probabilities = vec![0.0; half + 1];
    probabilities[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..=half).rev() {
            let with = sum
                .checked_sub(rank)
                .map_or(0.0, |rest| probabilities[rest]);
            probabilities[sum] = f64::midpoint(probabilities[sum], with);
        }
    }
    probabilities
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}
