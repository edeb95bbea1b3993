//! Everything measured in one invocation.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::interleaved::Interleaved;
use crate::layout::{Piece, TypeLayout};
use crate::lens::Pass;
use crate::load::LoadStep;
use crate::metric::Noise;
use crate::stacks::Stacks;
use crate::stage::Stages;

/// Everything measured in one invocation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// [`crate::RUN_FORMAT`].
    pub format: u32,
    /// Version of perfkit that wrote it.
    pub perfkit: String,
    /// Name that sorts by time: `20261120-181255`.
    pub id: String,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// Whether `--quick` shortened the passes.
    pub quick: bool,
    /// Whether filters left workloads out. A baseline keeps what it has of those.
    #[serde(default)]
    pub partial: bool,
    /// Workloads that it left out because they run on request alone. A baseline keeps what it has of those, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Where it was measured.
    pub environment: Environment,
    /// One entry per workload, argument, runtime and variant.
    pub cases: Vec<Case>,
    /// What the largest types and futures of the workspace are made of, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Piece>,
}

/// One workload with one setting, under all passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Case {
    /// What was run.
    pub id: CaseId,
    /// Work done by one iteration.
    pub units: Units,
    /// Metric id to value.
    pub measurements: BTreeMap<String, Measurement>,
    /// The child processes that measured it.
    pub passes: Vec<PassRecord>,
    /// Noisy metrics that were measured in turn with the base of a comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interleaved: Vec<Interleaved>,
    /// How busy each of its processes was in the time pass, where it has several: the measured one, then the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<Busy>,
    /// How it went at rising rates of requests, where the load pass was taken; the lowest rate first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadStep>,
    /// What went through its stages, where the stages pass was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
    /// Layouts of the enums that moved types of 1 kB or more hold by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enums: Vec<TypeLayout>,
    /// Weighted stacks; kept in a file of their own.
    #[serde(skip)]
    pub stacks: Stacks,
}

/// How busy a process was while a workload iterated. What is busy all the time holds up the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Busy {
    /// `workload` for the measured process; the name of another one's declaration.
    pub process: String,
    /// Nanoseconds of CPU time per iteration.
    pub cpu: f64,
    /// CPU time as a part of the elapsed time; above 1 where several threads were busy at once.
    pub share: f64,
    /// How many threads it had.
    pub threads: u32,
    /// Name of the thread that was busiest.
    pub busiest: String,
    /// That thread's part of the elapsed time, 0 to 1.
    pub busiest_share: f64,
}

/// Names a case. The variant is no part of what pairs across runs unless both sides have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CaseId {
    /// Package of the bench target.
    pub package: String,
    /// Bench target.
    pub target: String,
    /// Workload.
    pub workload: String,
    /// Argument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arg: Option<u64>,
    /// Runtime.
    pub runtime: String,
    /// Variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl CaseId {
    /// Whether both name the same workload with the same argument on the same runtime.
    #[must_use]
    pub fn pairs_with(&self, other: &Self) -> bool {
        (
            &self.package,
            &self.target,
            &self.workload,
            self.arg,
            &self.runtime,
        ) == (
            &other.package,
            &other.target,
            &other.workload,
            other.arg,
            &other.runtime,
        )
    }
}

impl fmt::Display for CaseId {
    /// `ddsplit/8 [story] on multi_thread(2)`; the runtime is left out where it is the default.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.workload)?;
        if let Some(arg) = self.arg {
            write!(formatter, "/{arg}")?;
        }
        if let Some(variant) = &self.variant {
            write!(formatter, " [{variant}]")?;
        }
        if self.runtime != "current_thread" {
            write!(formatter, " on {}", self.runtime)?;
        }
        Ok(())
    }
}

/// Work done by one iteration; 0 where it was not declared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Units {
    /// Items, requests, records.
    pub items: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

/// The value of one metric, per iteration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measurement {
    /// The value: the common one where exact, else the median.
    pub value: f64,
    /// What the iterations of this run showed, never better than the metric's own class.
    pub noise: Noise,
    /// The value of every iteration.
    pub samples: Vec<f64>,
    /// Why it must not be judged, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
}

impl Measurement {
    /// Largest less smallest sample.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let largest = self
            .samples
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let smallest = self.samples.iter().copied().fold(f64::INFINITY, f64::min);
        if self.samples.is_empty() {
            0.0
        } else {
            largest - smallest
        }
    }
}

/// How one child process went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassRecord {
    /// Instrumentation.
    pub pass: Pass,
    /// Wall seconds of the process.
    pub seconds: f64,
    /// Measured iterations.
    pub iterations: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Remarks: samples captured and expected, cut stacks, what could not be fixed in place.
    pub notes: Vec<String>,
}

/// How a child process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// With a part.
    Measured,
    /// The lens does not work here; the other passes stand.
    NotAvailable {
        /// Why.
        reason: String,
    },
    /// Without a part.
    Failed {
        /// What happened, in one line.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// The end of what it wrote on stderr.
        stderr: String,
    },
}

impl Run {
    /// Every failed pass with its case.
    pub fn failures(&self) -> impl Iterator<Item = (&Case, &PassRecord)> {
        self.cases.iter().flat_map(|case| {
            case.passes
                .iter()
                .filter(|pass| matches!(pass.outcome, Outcome::Failed { .. }))
                .map(move |pass| (case, pass))
        })
    }
}
