//! What the command asks of a child process. It travels as a JSON file named by [`REQUEST_VARIABLE`].

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::lens::Pass;

/// Environment variable that names the request file. Its presence turns a bench binary into a child.
pub const REQUEST_VARIABLE: &str = "PERFKIT_REQUEST";

/// One request to a bench binary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// [`crate::PROTOCOL`] of the asking side.
    pub protocol: u32,
    /// Where the answer goes. The child writes it beside and renames, so it is whole or absent.
    pub reply: PathBuf,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Name the workloads.
    List,
    /// Run one workload under one pass.
    Measure(Measure),
}

/// One pass of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Workload name.
    pub workload: String,
    /// Argument, where the workload declares some.
    pub arg: Option<u64>,
    /// Variant, where the workload declares some.
    pub variant: Option<String>,
    /// Runtime, as `current_thread` or `multi_thread(2)`.
    pub runtime: String,
    /// Instrumentation.
    pub pass: Pass,
    /// Ids of the lenses to look through, of those that share this pass.
    pub lenses: Vec<String>,
    /// Seed for the workload's input and for randomness in the process.
    pub seed: u64,
    /// Unmeasured iterations before the first measured one.
    pub warm_up: u32,
    /// Fewest measured iterations.
    pub iterations: u32,
    /// The body repeats beyond `iterations` until this much time has passed (time and cpu passes).
    pub budget_milliseconds: u64,
    /// Sampling rate of the cpu pass in hertz.
    pub frequency: u32,
    /// Samples after which the cpu pass may stop early.
    pub samples: u32,
    /// Processors to pin the process to; 0 leaves the affinity alone.
    pub processors: u32,
    /// Where the dhat pass writes its own file.
    pub dhat: Option<PathBuf>,
    /// The place of a time pass that takes turns with those of other processes. `iterations` and `budget_milliseconds`
    /// say nothing then: the command says when it is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<Box<Turns>>,
}

/// The place of a process among those that take turns.
///
/// When it is ready to measure it connects and writes its seat, one byte. For every byte that it reads it iterates for
/// one turn and writes a byte. At the end of what there is to read it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    /// A Unix socket of the command.
    pub socket: PathBuf,
    /// Which process this is.
    pub seat: u8,
    /// A turn is one iteration, and further ones until so much time has passed.
    pub milliseconds: u64,
}
