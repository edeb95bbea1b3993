//! Requests at a given rate, whether the one before was answered or not.
//!
//! A load generator that waits for an answer before it asks again slows down with what it measures and never sees the
//! queue ("coordinated omission", Tene: How NOT to Measure Latency). In an open loop every request has an intended
//! start, and its latency counts from there.

use serde::{Deserialize, Serialize};

use crate::run::Busy;

/// Steps of a load, at most: the rate doubles in two of them, and is 4,096 times the lowest in the last.
pub const MOST_STEPS: u32 = 25;

/// Part of the offered rate that has to be answered while it is offered.
const KEPT: f64 = 0.95;

/// Part of what was sent that may be under way when a step ends. A step is longer than what it waits for.
const MOST_UNDER_WAY: f64 = 0.25;

/// How often the unloaded 99th percentile a latency may be while a system keeps up.
const EXPLODED: f64 = 10.0;

/// What is still no explosion, in nanoseconds: a processor that another process had for a while.
const UNREMARKABLE: f64 = 20e6;

/// One rate, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadStep {
    /// Requests per second that were due.
    pub rate: f64,
    /// For how many seconds.
    pub seconds: f64,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that were answered within those seconds.
    pub done: u64,
    /// Requests that failed, or were not answered seconds after the last one was sent.
    pub failed: u64,
    /// Latencies from the intended start of each request.
    pub latency: Latency,
    /// The histogram: nanoseconds, and how many requests took so long, to one percent.
    pub histogram: Vec<(u64, u64)>,
    /// How busy each process was, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<Busy>,
}

/// Percentiles in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// Half of all took no longer.
    pub p50: f64,
    /// 90 % took no longer.
    pub p90: f64,
    /// 99 % took no longer.
    pub p99: f64,
    /// 99.9 % took no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl LoadStep {
    /// Requests answered per second, while requests came.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        if self.seconds > 0.0 {
            self.done as f64 / self.seconds
        } else {
            0.0
        }
    }

    /// Whether the system kept up, compared with how it was at the lowest rate: it answered 95 % of what was offered while
    /// it was offered, but for what is always under way, nothing failed, and its 99th percentile is no more than ten times as
    /// long.
    #[must_use]
    pub fn keeps_up(&self, lowest: &Self) -> bool {
        let sent = self.sent as f64;
        // By Little's law, and one more for the last one.
        let under_way = (self.rate * lowest.latency.p99 / 1e9 + 1.0).min(MOST_UNDER_WAY * sent);
        self.failed == 0
            && self.done as f64 + under_way >= KEPT * sent
            && self.latency.p99 <= (EXPLODED * lowest.latency.p99).max(UNREMARKABLE)
    }
}

/// The knee: index of the last step, by rate, before the first one that does not keep up. `None` where all keep up, or
/// none does.
#[must_use]
pub fn knee(steps: &[LoadStep]) -> Option<usize> {
    let lowest = steps.first()?;
    let beyond = steps.iter().position(|step| !step.keeps_up(lowest))?;
    beyond.checked_sub(1)
}
