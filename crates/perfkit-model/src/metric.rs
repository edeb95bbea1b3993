//! The open catalogue of metrics.

use serde::{Deserialize, Serialize};

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Public id, dotted: the lens it comes from and what it counts.
    pub id: &'static str,
    /// Heading in tables.
    pub title: &'static str,
    /// What one step of the value is. Every value is per iteration of the workload's body.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The best this metric may claim. A run demotes it when its iterations disagree.
    pub noise: Noise,
    /// Id of the lens that sees it.
    pub lens: &'static str,
    /// What it costs to be worse here, compared with other metrics.
    pub cost: Cost,
    /// One sentence for the reference.
    pub help: &'static str,
}

/// What one step of a metric's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Events.
    Count,
    /// Bytes.
    Bytes,
    /// Nanoseconds.
    Nanoseconds,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Growth is worse.
    LowerIsBetter,
    /// Shown for orientation and never judged.
    Neutral,
}

/// How far a value can be trusted to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// Every iteration gave the same value.
    Exact,
    /// Iterations differ a little; judged against the spread that was seen.
    NearExact,
    /// Timings: judged only when both sides were measured in one session.
    Noisy,
}

/// Ranks metrics for trade-offs: what costs the user more comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// CPU time and instructions.
    Time,
    /// Peak and retained memory.
    Memory,
    /// Bytes copied, allocated or sent.
    Traffic,
    /// Counts of events.
    Count,
}

const fn count(
    id: &'static str,
    title: &'static str,
    lens: &'static str,
    help: &'static str,
) -> Metric {
    Metric {
        id,
        title,
        unit: Unit::Count,
        direction: Direction::LowerIsBetter,
        noise: Noise::Exact,
        lens,
        cost: Cost::Count,
        help,
    }
}

const fn bytes(
    id: &'static str,
    title: &'static str,
    lens: &'static str,
    cost: Cost,
    help: &'static str,
) -> Metric {
    Metric {
        unit: Unit::Bytes,
        cost,
        ..count(id, title, lens, help)
    }
}

/// Every metric, in the order tables show them.
pub const METRICS: &[Metric] = &[
    Metric {
        unit: Unit::Nanoseconds,
        noise: Noise::Noisy,
        cost: Cost::Time,
        ..count(
            "time.cpu",
            "CPU time",
            "time",
            "CPU time of the whole process (user and system) in one iteration.",
        )
    },
    Metric {
        unit: Unit::Nanoseconds,
        noise: Noise::Noisy,
        cost: Cost::Time,
        ..count(
            "time.wall",
            "wall time",
            "time",
            "Elapsed time of one iteration, waiting included.",
        )
    },
    Metric {
        noise: Noise::NearExact,
        cost: Cost::Time,
        ..count(
            "instructions.count",
            "instructions",
            "instructions",
            "Instructions executed in one iteration outside of the kernel, as callgrind counts them (Ir).",
        )
    },
    count(
        "heap.allocs",
        "allocations",
        "heap",
        "Calls that obtained a new heap block; a reallocation counts too, as dhat counts it.",
    ),
    count(
        "heap.reallocs",
        "reallocations",
        "heap",
        "Calls that resized a heap block: a growing buffer without capacity shows here.",
    ),
    bytes(
        "heap.bytes",
        "allocated",
        "heap",
        Cost::Traffic,
        "Bytes requested from the allocator; a reallocation counts its new size.",
    ),
    bytes(
        "heap.peak",
        "peak memory",
        "heap",
        Cost::Memory,
        "Most heap bytes live at once in the iteration, above what was live when it began.",
    ),
    bytes(
        "heap.retained",
        "retained",
        "heap",
        Cost::Memory,
        "Heap bytes that outlived the iteration that allocated them: a leak grows here.",
    ),
    count(
        "memcpy.calls",
        "copies",
        "memcpy",
        "Calls of memcpy and memmove. Copies the compiler inlines are not calls.",
    ),
    bytes(
        "memcpy.bytes",
        "copied",
        "memcpy",
        Cost::Traffic,
        "Bytes moved by memcpy and memmove.",
    ),
    count(
        "io.calls",
        "I/O calls",
        "io",
        "Calls of the libc functions that read, write, send, receive or wait.",
    ),
    bytes(
        "io.bytes",
        "I/O bytes",
        "io",
        Cost::Traffic,
        "Bytes those calls moved.",
    ),
    Metric {
        noise: Noise::Noisy,
        direction: Direction::Neutral,
        ..count(
            "os.page-faults",
            "page faults",
            "time",
            "Minor and major page faults in one iteration.",
        )
    },
    Metric {
        noise: Noise::Noisy,
        direction: Direction::Neutral,
        ..count(
            "os.context-switches",
            "context switches",
            "time",
            "Voluntary and involuntary context switches in one iteration.",
        )
    },
    Metric {
        noise: Noise::Noisy,
        direction: Direction::Neutral,
        ..bytes(
            "os.peak-rss",
            "peak RSS",
            "time",
            Cost::Memory,
            "Largest resident set of the process that took the time pass, its set-up included.",
        )
    },
    Metric {
        noise: Noise::Noisy,
        direction: Direction::Neutral,
        cost: Cost::Time,
        ..count(
            "cpu.samples",
            "CPU samples",
            "cpu",
            "Samples of the CPU profiler over the whole pass: the weight of its stacks.",
        )
    },
];

/// The row with this id.
#[must_use]
pub fn metric(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id == id)
}
