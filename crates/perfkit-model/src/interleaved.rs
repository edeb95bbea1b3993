//! A noisy metric of two builds, measured in turn: what timings are judged by.

use serde::{Deserialize, Serialize};

/// One noisy metric of one case on both sides of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interleaved {
    /// Metric id.
    pub metric: String,
    /// Id of the run that was the base. Compared with any other, the rounds say nothing.
    pub base: String,
    /// In the order they were measured.
    pub rounds: Vec<Round>,
}

/// Three processes that ran one after the other, in random order. Each value is the least of its process's iterations:
/// what disturbs a process only ever adds to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Round {
    /// Value of the base.
    pub base: f64,
    /// Value of the head.
    pub head: f64,
    /// Value of the base once more.
    pub control: f64,
}
