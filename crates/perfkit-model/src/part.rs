//! What a child process answers. Addresses are raw; the command turns them into names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::load::LoadStep;
use crate::run::{Busy, Units};
use crate::stage::Stages;

/// The answer to a [`crate::request::Request`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Answer to [`crate::request::Action::List`].
    Workloads(Vec<Declaration>),
    /// Answer to [`crate::request::Action::Measure`].
    Part(Box<Part>),
    /// The child understood and could not do it.
    Refused(Refusal),
}

/// Why a child did not measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of failure this is.
    pub kind: RefusalKind,
    /// What happened.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// Kind of a [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The body's result did not pass the workload's check.
    WrongResult,
    /// The workload's set-up or body panicked.
    Panicked,
    /// The declaration or the request cannot be measured.
    Invalid,
    /// The lens does not work on this machine or in this build.
    NotAvailable,
}

/// A workload as its bench target declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Name, unique in its target.
    pub name: String,
    /// Source file of the declaration as the compiler saw it.
    pub file: String,
    /// Line of the declaration.
    pub line: u32,
    /// Arguments to run it with; empty for none.
    pub args: Vec<u64>,
    /// Variants, the default first; empty for none.
    pub variants: Vec<String>,
    /// Runtimes to run it on, as `current_thread` or `multi_thread(2)`.
    pub runtimes: Vec<String>,
    /// Seed of its input.
    pub seed: u64,
    /// Whether a plain run leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_request: bool,
    /// Requests per second at which its load begins, where it declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
}

/// What callgrind writes into the file of a measured iteration, as the reason for it. Files with other reasons, such as
/// the last one of a process, are not of perfkit's making.
pub const CALLGRIND_REASON: &std::ffi::CStr = c"perfkit: one iteration";

/// What one pass measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// One row per measured iteration: metric id to value.
    pub iterations: Vec<BTreeMap<String, f64>>,
    /// How many of the iterations belong to each turn, where the process took turns with others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<u32>,
    /// How busy each process of the workload was, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<Busy>,
    /// What the load pass measured, the lowest rate first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadStep>,
    /// What the stages pass saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
    /// Values of the whole pass: metric id to value.
    pub totals: BTreeMap<String, f64>,
    /// Metrics each weight of [`RawStack::weights`] belongs to.
    pub columns: Vec<String>,
    /// Weighted stacks, summed over all iterations.
    pub stacks: Vec<RawStack>,
    /// Loaded modules, for turning addresses into file offsets.
    pub modules: Vec<Module>,
    /// Run-time addresses of libc functions whose implementation has no symbol of its own.
    pub known_functions: Vec<(String, u64)>,
    /// Units of work of one iteration.
    pub units: Units,
    /// Events the hooks had to let pass uncounted. Above 0 the counts are not judged.
    pub dropped: u64,
    /// Stacks deeper than the walker goes; their root is cut.
    pub truncated: u64,
    /// Samples the profiler should have taken, for the cpu pass.
    pub expected_samples: u64,
    /// Seconds of user and of system CPU time in the measured region.
    pub cpu_seconds: (f64, f64),
    /// The allocator the workload ran on.
    pub allocator: String,
    /// Remarks for the report, one sentence each.
    pub notes: Vec<String>,
}

/// One call stack with its weights.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawStack {
    /// Addresses, leaf first. All but an interrupted leaf are return addresses.
    pub frames: Vec<u64>,
    /// Whether `frames[0]` is an exact instruction address (a sample) and not a return address.
    pub exact_leaf: bool,
    /// Name of the thread, where it is known.
    pub thread: Option<String>,
    /// The function a hook stood in for, where that is worth a frame of its own: `write`, `epoll_wait`.
    pub operation: Option<String>,
    /// (Index into [`Part::columns`], weight).
    pub weights: Vec<(u16, u64)>,
}

/// A loaded module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// File; `[vdso]` for the kernel's page.
    pub path: String,
    /// Build id in hexadecimal.
    pub build_id: Option<String>,
    /// What to subtract from an address to get the address in the file.
    pub bias: u64,
    /// First address.
    pub start: u64,
    /// Address after the last.
    pub end: u64,
}
