//! Where and how a run was measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a comparison has to know about the place of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Environment {
    /// `rustc --version`.
    pub rustc: String,
    /// Target triple.
    pub target: String,
    /// Settings that change the machine code, as `key=value`: profile, flags of the wrapper, the user's rustflags.
    pub build: Vec<String>,
    /// Whether moves are annotated with their type.
    pub annotated_moves: bool,
    /// Hash of `Cargo.lock`, empty where there is none.
    pub lockfile: String,
    /// Name and version of every package in the lock file, for telling what changed.
    pub packages: BTreeMap<String, String>,
    /// Operating system and version.
    pub os: String,
    /// C library.
    pub libc: String,
    /// Processor model.
    pub processor: String,
    /// Processors the measured processes may use.
    pub processors: u32,
    /// Allocator tunables and other variables that reached the children.
    pub variables: BTreeMap<String, String>,
    /// Commit and whether the tree was dirty, where there is a git checkout.
    pub revision: Option<String>,
    /// Settings in which this build differs from the user's release build, one sentence each.
    pub differences: Vec<String>,
}
