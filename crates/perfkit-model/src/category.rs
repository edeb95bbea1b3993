//! What kind of code a frame belongs to: the parts of the where-time-goes bar.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of code a frame belongs to.
///
/// Standard library code has no category of its own: what it costs belongs to whoever called it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub enum Category {
    /// Code of the measured workspace.
    App,
    /// The async executor and its drivers.
    Runtime,
    /// Memory allocation and release.
    Allocator,
    /// `memcpy`, `memmove`, `memset` and their kin.
    Memcpy,
    /// Inside a system call.
    Kernel,
    /// Locks, channels and other synchronisation.
    Sync,
    /// Encryption: TLS libraries and their cryptography.
    Tls,
    /// Measuring itself.
    Perfkit,
    /// What could not be told. It is shown, never hidden.
    Unknown,
    /// A dependency, by crate name.
    Dependency(String),
}

impl Category {
    /// The categories that carry no name of their own, in the order reports draw them.
    pub const FIXED: [Self; 9] = [
        Self::App,
        Self::Runtime,
        Self::Allocator,
        Self::Memcpy,
        Self::Kernel,
        Self::Sync,
        Self::Tls,
        Self::Perfkit,
        Self::Unknown,
    ];

    /// The word for this category in files and reports; a dependency is its crate name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::App => "app",
            Self::Runtime => "runtime",
            Self::Allocator => "allocator",
            Self::Memcpy => "memcpy",
            Self::Kernel => "kernel",
            Self::Sync => "sync",
            Self::Tls => "tls",
            Self::Perfkit => "perfkit",
            Self::Unknown => "unknown",
            Self::Dependency(krate) => krate,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl From<String> for Category {
    fn from(word: String) -> Self {
        Self::FIXED
            .into_iter()
            .find(|category| category.as_str() == word)
            .unwrap_or(Self::Dependency(word))
    }
}

impl From<Category> for String {
    fn from(category: Category) -> Self {
        category.as_str().to_owned()
    }
}
