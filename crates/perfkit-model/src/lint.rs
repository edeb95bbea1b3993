//! What the lint says of the types of a workspace.

use serde::{Deserialize, Serialize};

use crate::comparison::{Level, Naming, Verdict};
use crate::layout::{Place, Step, TypeKind};

/// The types of two builds side by side, judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lint {
    /// What the base is called, as `baseline main`; empty where there was nothing to compare with.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// The answer.
    pub verdict: Verdict,
    /// Most important first.
    pub findings: Vec<TypeFinding>,
    /// Types of the head that were looked at.
    pub types: usize,
    /// Types that grew, and no rule minds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within_limits: Vec<Grown>,
    /// What was left out, accepted or has expired, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// One rule's statement about a type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypeFinding {
    /// Rule id, as `explain` takes it.
    pub rule: String,
    /// How serious.
    pub level: Level,
    /// The type, as [`TypeLayout::name`](crate::layout::TypeLayout::name).
    #[serde(rename = "type")]
    pub type_name: String,
    /// Crate of its definition.
    #[serde(rename = "crate")]
    pub krate: String,
    /// What it is.
    pub kind: TypeKind,
    /// Where it is defined, relative to the workspace.
    pub place: Option<Place>,
    /// Bytes of it in the base.
    pub base: Option<u64>,
    /// Bytes of it in the head.
    pub head: u64,
    /// One line that says what happened, with numbers and the cause.
    pub message: String,
    /// The part that grew most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<GrowthCause>,
    /// From the type down to what carries its size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Step>,
    /// Types that grew only because they hold this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Grown>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// How much of it the newest run copied: facts before guesses, the case with the most bytes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Copied>,
    /// The same for the same finding, wherever its lines have moved.
    pub fingerprint: String,
}

/// A type that is larger than it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grown {
    /// Its name in the head.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Bytes in the base.
    pub base: u64,
    /// Bytes in the head.
    pub head: u64,
}

/// The part of a type that grew most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GrowthCause {
    /// Name of the field, variant or variable; [`AWAITED`](crate::layout::AWAITED) for an awaited future.
    pub part: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its bytes in the base; 0 where it is new.
    pub before: u64,
    /// Its bytes in the head.
    pub after: u64,
    /// Where a variable is declared, or the await.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether the part grew only because its own type did, which is a growth of its own.
    pub passed_on: bool,
    /// Whether it is live across an await.
    pub held: bool,
}

/// What a run copied of a type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Copied {
    /// The case, as reports write it.
    pub case: String,
    /// Bytes of values of the type, and of values that hold it, per iteration.
    pub bytes: f64,
    /// The same per item, where the workload says how many it processes.
    pub per_item: Option<f64>,
    /// Whether the compiler said which type it is, or only the size fits.
    pub way: Naming,
}
