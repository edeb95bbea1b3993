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
    /// Orders that the sections of both programs were linked in. Round number n is of order n modulo this. 1 where they
    /// could not be linked anew.
    #[serde(default = "one")]
    pub orders: u32,
    /// In the order they were measured.
    pub rounds: Vec<Round>,
}

fn one() -> u32 {
    1
}

/// Three processes that ran in turns, or one after the other in random order.
///
/// Only the ratios of the values mean something. In turns, that of two processes is the median of the ratios of their turns,
/// and the base's value is the median of its turns. One after the other, each value is the least of its process's iterations:
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
