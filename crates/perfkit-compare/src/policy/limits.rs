//! How much growth is too much.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// How much growth is too much: it has to pass both limits. Rules about the size of a type look at `hard` alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Growth as a fraction of the smaller side that is still no change: 0.005 is 0.5 %.
    pub soft: f64,
    /// Smallest growth that matters at all, in the metric's unit.
    pub hard: f64,
}

/// Exact values repeat to the last event, so any limit above zero is only about what is worth a person's
/// time. 0.5 % is what instruction and heap gates of the field use, and is far below what a code change
/// that matters does to a count.
pub const EXACT_SOFT: f64 = 0.005;

/// A single event more per iteration is usually a changed constant; two are a changed loop or type.
pub const FEWEST_EVENTS: f64 = 2.0;

/// A cache line. Growth below it is a length field or a format string.
pub const FEWEST_BYTES: f64 = 64.0;

/// The peak depends on which allocations happen to overlap, so it moves a little with every reordering
/// that costs nothing.
pub const PEAK_SOFT: f64 = 0.01;

/// A peak that grew by less than this cannot be told from a differently grown buffer.
pub const PEAK_FEWEST_BYTES: f64 = 1_000.0;

/// Growth in CPU time that nobody has to mend on a current-thread runtime.
pub const TIME_SOFT: f64 = 0.01;

/// Waiting depends on everything else that runs: the least that may be called a change of it.
pub const WALL_SOFT: f64 = 0.05;

/// Nanoseconds that an iteration has to be longer by. What is shorter than a system call is not timed by a process.
pub const SHORTEST: f64 = 1_000.0;

/// Instructions move by some 0.1 % when addresses do: hashing of pointers, alignment of copies, the state of the
/// allocator. Relinking the same code is such a move. Ten times that is no accident, and gates of the field that know
/// no better take 0.5 to 5 %.
pub const INSTRUCTIONS_SOFT: f64 = 0.01;

/// A few microseconds. Where this is many percent of a workload, its harness is, too.
pub const FEWEST_INSTRUCTIONS: f64 = 10_000.0;

/// What a count that should repeat and does not may move by between two sessions, though neither saw it move: a socket
/// that delivers in other pieces, a task that is woken once more. The handful of iterations of one run shows only part
/// of that.
pub const NEAR_EXACT_SOFT: f64 = 0.03;

/// The same for the smallest growth that matters: 8 events instead of 2, 256 B instead of 64.
pub const NEAR_EXACT_HARD: f64 = 4.0;

/// The difference between the smallest and the largest argument that is worth speaking of a worse exponent.
pub const EXPONENT_SOFT: f64 = 0.05;

/// Least difference of exponents: a quarter more at ten times the argument.
pub const LEAST_EXPONENT: f64 = 0.1;

/// A type that grew by a twentieth or less has one more field among many.
pub const TYPE_SOFT: f64 = 0.05;

/// Two machine words: alignment alone costs up to one.
pub const FEWEST_PADDING: f64 = 16.0;

/// The gap from which clippy's `large_enum_variant` speaks.
pub const VARIANT_GAP: f64 = 200.0;

/// The size from which clippy's `result_large_err` speaks.
pub const ERROR_SIZE: f64 = 128.0;

/// The size from which clippy's `large_futures` speaks.
pub const LARGE_FUTURE: f64 = 16_384.0;

/// A page of memory.
pub const LARGE_TYPE: f64 = 4_096.0;

impl Limits {
    /// The limits for values that nearly repeat, of a metric whose values can repeat exactly: its rule's limits are made
    /// for those.
    #[must_use]
    pub fn widened(self) -> Self {
        Self {
            soft: self.soft.max(NEAR_EXACT_SOFT),
            hard: self.hard * NEAR_EXACT_HARD,
        }
    }
}

/// A share in percent, zero or above. It reads from `"1 %"` and from a number: `1` is one percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent(f64);

/// A number of events or bytes, zero or above. It reads from a number and from `"64 B"` or `"1 kB"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount(f64);

/// Why a limit could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No number.
    #[error("`{text}` is no number, expected something like {example}")]
    NotANumber {
        /// What was written.
        text: String,
        /// What would have been understood.
        example: &'static str,
    },
    /// Negative, infinite or not a number at all.
    #[error("a limit must be zero or above and finite, not {value}")]
    OutOfRange {
        /// What was written.
        value: String,
    },
}

const PERCENT_EXAMPLE: &str = "`0.5 %` or 0.5";
const AMOUNT_EXAMPLE: &str = "2, `64 B` or `1 kB`";

impl Percent {
    /// A percentage.
    ///
    /// # Errors
    ///
    /// When `percent` is negative or not finite.
    pub fn new(percent: f64) -> Result<Self, LimitError> {
        checked(percent).map(Self)
    }

    /// The share as a fraction: 0.005 for 0.5 %.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

impl Amount {
    /// An amount in the metric's unit.
    ///
    /// # Errors
    ///
    /// When `value` is negative or not finite.
    pub fn new(value: f64) -> Result<Self, LimitError> {
        checked(value).map(Self)
    }

    /// The amount in the metric's unit.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let trimmed = text.trim();
        let number = trimmed.strip_suffix('%').unwrap_or(trimmed);
        Self::new(number_of(number, text, PERCENT_EXAMPLE)?)
    }
}

impl FromStr for Amount {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        const UNITS: [(&str, f64); 4] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)];
        let trimmed = text.trim();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((trimmed.strip_suffix(unit)?, *factor)))
            .unwrap_or((trimmed, 1.0));
        Self::new(number_of(number, text, AMOUNT_EXAMPLE)? * factor)
    }
}

/// A limit as a file may write it. Numbers and texts mean the same.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number or a text such as `0.5 %` or `64 B`"
)]
enum Written {
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(percent) => Self::new(percent),
            Written::Text(text) => text.parse(),
        }
        .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(value) => Self::new(value),
            Written::Text(text) => text.parse(),
        }
        .map_err(de::Error::custom)
    }
}

fn checked(value: f64) -> Result<f64, LimitError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(LimitError::OutOfRange {
            value: value.to_string(),
        })
    }
}

fn number_of(number: &str, text: &str, example: &'static str) -> Result<f64, LimitError> {
    number
        .trim()
        .parse()
        .map_err(|_not_a_number| LimitError::NotANumber {
            text: text.to_owned(),
            example,
        })
}
