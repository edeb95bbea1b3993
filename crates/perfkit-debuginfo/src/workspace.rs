//! What is known about the measured workspace before any binary is read.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The crates of the measured workspace, which decide what counts as the user's own code.
///
/// Crate names are written as the compiler sees them, with underscores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceCrates {
    /// Root folder; source files below it are shown relative to it.
    pub root: PathBuf,
    /// Crates of the workspace, with one entry per bench, example and binary target.
    pub members: BTreeSet<String>,
    /// Crates the workspace depends on. A crate of the standard library's own dependencies (`hashbrown`) counts
    /// as one of these only when its source file does not lie in the toolchain.
    pub dependencies: BTreeSet<String>,
}
