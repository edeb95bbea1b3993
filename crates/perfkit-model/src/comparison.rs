//! What comparing two runs says.

use serde::{Deserialize, Serialize};

use crate::lint::TypeFinding;
use crate::run::CaseId;

/// Two runs side by side, judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// What the base is called, as `baseline cured`; empty where there was nothing to compare with.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// The answer.
    pub verdict: Verdict,
    /// Most important first.
    pub findings: Vec<Finding>,
    /// Types and futures that grew and explain no finding, where both sides were built; most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<TypeFinding>,
    /// One row per case and metric.
    pub rows: Vec<Row>,
    /// How costs grow with the arguments of workloads that have several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<Growth>,
    /// Cases that exist on one side only, and other remarks.
    pub remarks: Vec<String>,
    /// Differences between the sides' environments that may be causes, one sentence each.
    pub context: Vec<String>,
}

/// The answer of a comparison. An unknown is never a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Verdict {
    /// Everything that could be judged is no worse.
    Pass,
    /// At least one finding of level `deny`.
    Regressed,
    /// Nothing, or not everything that was asked for, could be judged.
    NotJudged {
        /// Why.
        reason: String,
    },
}

impl Default for Verdict {
    fn default() -> Self {
        Self::NotJudged {
            reason: "there is no baseline to compare with".to_owned(),
        }
    }
}

/// One metric of one case on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Case of the head.
    pub case: CaseId,
    /// Metric id.
    pub metric: String,
    /// Value of the base, per iteration.
    pub base: Option<f64>,
    /// Value of the head, per iteration.
    pub head: Option<f64>,
    /// What it means.
    pub judgement: Judgement,
    /// The smallest growth this comparison would have called worse, in the metric's unit.
    pub smallest_effect: Option<f64>,
    /// What was estimated, where both sides were measured in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// How the value of a metric, per item where items are declared, grows with the argument: as its power.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Growth {
    /// The cases, without their argument.
    pub case: CaseId,
    /// Metric id.
    pub metric: String,
    /// The smallest and the largest argument.
    pub args: (u64, u64),
    /// Power in the base, where it has these cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Exponent>,
    /// Power in the head.
    pub head: Exponent,
}

/// The power with which something grows: 0 not at all, 1 in proportion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exponent {
    /// The power.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

/// The change of a noisy metric, from pairs of processes that ran in turn. All values are relative: 0.05 is 5 % more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The change, as the Hodges-Lehmann estimate of the pairs' ratios.
    pub effect: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Pairs of processes that were compared.
    pub pairs: u32,
    /// What the same estimate says of the base against itself: the A/A control.
    pub control: f64,
}

/// What a [`Row`] means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Judgement {
    /// Within policy.
    Same,
    /// Beyond policy, for the better.
    Better,
    /// Beyond policy, for the worse.
    Worse,
    /// Shown only.
    NotJudged {
        /// Why.
        reason: String,
    },
}

/// One rule's statement about a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Rule id, as `explain` takes it.
    pub rule: String,
    /// How serious.
    pub level: Level,
    /// Case of the head.
    pub case: CaseId,
    /// Metric id.
    pub metric: String,
    /// Value of the base, per iteration.
    pub base: f64,
    /// Value of the head, per iteration.
    pub head: f64,
    /// One line that says what happened, with numbers and the cause.
    pub message: String,
    /// What carries the difference, largest share first.
    pub causes: Vec<Cause>,
    /// What to do.
    pub remedy: Option<String>,
    /// What a cure could give at most, as a sentence.
    pub gain: Option<String>,
    /// Types that grew, where values of them are what is moved or allocated here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<TypeFinding>,
    /// What else the same cause made worse, most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symptoms: Vec<Symptom>,
}

/// What else the cause of a [`Finding`] made worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Symptom {
    /// Rule id.
    pub rule: String,
    /// How serious it is by itself.
    pub level: Level,
    /// Metric id.
    pub metric: String,
    /// Value of the base, per iteration.
    pub base: f64,
    /// Value of the head, per iteration.
    pub head: f64,
    /// One line that says what happened, without the cause.
    pub message: String,
    /// What carries it, as far as its stacks tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Switched off by policy.
    Allow,
    /// Worth knowing.
    Note,
    /// Worth a look, never fails the build.
    Warn,
    /// Fails the build.
    Deny,
}

/// What carries part of a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// The function to look at: the innermost frame that is the user's, else the innermost.
    pub function: String,
    /// Whether `function` is an `async fn` or async block.
    pub is_async: bool,
    /// `src/store.rs:88`, or empty.
    pub location: String,
    /// The standard library's function that does it for `function`: `Vec<Query>::push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// What is moved, and how the name was found.
    pub ty: Option<MovedType>,
    /// Weight per iteration in the base.
    pub base: f64,
    /// Weight per iteration in the head.
    pub head: f64,
    /// Part of the whole difference, 0 to 1 and beyond where others shrank.
    pub share: f64,
    /// Frames from root to leaf of the heaviest stack.
    pub stack: Vec<String>,
}

/// A type that is moved by memcpy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MovedType {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// How the name was found.
    pub way: Naming,
}

/// How a moved type was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// The compiler said so.
    Annotated,
    /// The size fits. Not a fact.
    Candidate,
}
