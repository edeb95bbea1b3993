//! What keeps a binary from being read, and what makes its stacks poorer than they could be.

use std::path::PathBuf;

/// Why a binary could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is missing or may not be read.
    #[error("read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is no executable, or is cut short.
    #[error("{path} is not a readable binary")]
    NotABinary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: object::Error,
    },
}

/// Something that makes stacks poorer than they could be. Never fatal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing names functions or lines.
    #[error("{path} has no debug info, so stacks have function names at most")]
    NoDebugInfo {
        /// The executable.
        path: PathBuf,
    },
    /// Debug info lies in other files.
    #[error("the debug info of {path} is split into other files, which are not read")]
    SplitDebugInfo {
        /// The executable.
        path: PathBuf,
    },
    /// There is no symbol table either.
    #[error("{path} has no symbols")]
    NoSymbols {
        /// The executable.
        path: PathBuf,
    },
    /// Another module could not be read; its code stays nameless.
    #[error("a module could not be read: {reason}")]
    Module {
        /// Why.
        reason: String,
    },
    /// The file is not the one the process ran.
    #[error("{path} was rebuilt after it was measured, so its addresses are not looked up")]
    Rebuilt {
        /// The file.
        path: String,
    },
    /// Some of the debug info is damaged.
    #[error("some debug info of {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Problem {
    /// What to change, where something can be.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoDebugInfo { .. } => Some(
                "set `debug = 2` and `strip = \"none\"` in [profile.bench], and check that no `strip` or `-Cdebuginfo=0` is in RUSTFLAGS",
            ),
            Self::SplitDebugInfo { .. } => {
                Some("set `split-debuginfo = \"off\"` in [profile.bench]")
            }
            Self::NoSymbols { .. } => Some("set `strip = \"none\"` in [profile.bench]"),
            Self::Rebuilt { .. } => {
                Some("measure again, and do not build while a run is measuring")
            }
            Self::Module { .. } | Self::Damaged { .. } => None,
        }
    }
}
