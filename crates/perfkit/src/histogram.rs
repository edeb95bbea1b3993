//! Durations in a histogram whose buckets are one percent wide (HdrHistogram, Tene).

use std::time::Duration;

use hdrhistogram::Histogram;
use perfkit_model::load::Latency;

/// Significant digits: one percent.
const DIGITS: u8 = 2;

/// Nanoseconds that are told apart: one to an hour.
const SHORTEST: u64 = 1;
const LONGEST: u64 = 3_600_000_000_000;

/// Durations of which percentiles are asked.
pub(crate) struct Durations {
    /// `None` where the histogram cannot be made, which its fixed settings rule out.
    histogram: Option<Histogram<u64>>,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            histogram: Histogram::new_with_bounds(SHORTEST, LONGEST, DIGITS).ok(),
        }
    }
}

impl Durations {
    pub(crate) fn add(&mut self, duration: Duration) {
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(duration.as_nanos() as u64);
        }
    }

    /// In nanoseconds; 0 without durations.
    pub(crate) fn percentiles(&self) -> Latency {
        let quantile = |quantile: f64| {
            let histogram = self.histogram.as_ref();
            histogram.map_or(0.0, |it| it.value_at_quantile(quantile) as f64)
        };
        Latency {
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: quantile(1.0),
        }
    }

    /// Nanoseconds, and how many durations there are of them.
    pub(crate) fn counts(&self) -> Vec<(u64, u64)> {
        let counts = self.histogram.iter().flat_map(Histogram::iter_recorded);
        counts
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect()
    }
}
