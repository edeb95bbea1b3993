//! What goes through the stages of a workload: how much, how long it waits, and how long it takes.
//!
//! A stage is a named step. What goes through it once is a span (of `tracing`): it waits from when it is made until it is first
//! worked on, and is processed from then until it is done, in measured time. In between it is busy whenever somebody works on it.

use serde::{Deserialize, Serialize};

use crate::load::Latency;

/// Every stage of a workload, over all iterations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stages {
    /// Iterations that were watched.
    pub iterations: u32,
    /// Seconds that they took together.
    pub seconds: f64,
    /// Seconds of each [`Slice`].
    pub slice_seconds: f64,
    /// The stages, each before those within it.
    pub stages: Vec<Stage>,
}

/// One stage, over all iterations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stage {
    /// Its name behind the names of those it is within, as `filter-resize/map`.
    pub name: String,
    /// Its own name.
    pub label: String,
    /// How many stages it is within.
    pub depth: u32,
    /// Source file, as the compiler saw it; empty where it is not known.
    pub file: String,
    /// Line; 0 where it is not known.
    pub line: u32,
    /// Spans that ended.
    pub spans: u64,
    /// What they processed: the sum of their fields `items`; a span without one is one item.
    pub items: u64,
    /// The sum of their fields `bytes`.
    pub bytes: u64,
    /// Nanoseconds that were worked on them, with what is within them.
    pub busy: f64,
    /// The same without what is within them.
    pub busy_by_itself: f64,
    /// From when each was made until it was first worked on.
    pub queueing: Times,
    /// From then until it was done.
    pub processing: Times,
    /// Most spans that waited at once.
    pub most_pending: u64,
    /// The same over time.
    pub over_time: Vec<Slice>,
}

/// How long something took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Times {
    /// Nanoseconds of all together.
    pub total: f64,
    /// Percentiles of one.
    pub percentiles: Latency,
    /// The histogram: nanoseconds, and how many took so long, to one percent.
    pub histogram: Vec<(u64, u64)>,
}

/// A piece of the measured time. What lies between iterations is cut out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slice {
    /// Items of the spans that ended.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Nanoseconds that were worked.
    pub busy: f64,
    /// Most spans that waited at once.
    pub pending: u64,
}

impl Stages {
    /// The part of the measured time that a stage works; above 1 where several threads do.
    #[must_use]
    pub fn busy_share(&self, stage: &Stage) -> f64 {
        if self.seconds > 0.0 {
            stage.busy / 1e9 / self.seconds
        } else {
            0.0
        }
    }

    /// Amount per second of measured time.
    #[must_use]
    pub fn per_second(&self, amount: u64) -> f64 {
        if self.seconds > 0.0 {
            amount as f64 / self.seconds
        } else {
            0.0
        }
    }
}
