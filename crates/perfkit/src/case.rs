//! What a workload is told about the setting it runs in.

use std::fmt;
use std::str::FromStr;

/// The setting of one measurement: variant, argument, runtime and seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub(crate) variant: Option<String>,
    pub(crate) arg: Option<u64>,
    pub(crate) runtime: Runtime,
    pub(crate) seed: u64,
}

impl Case {
    /// The variant, or the empty string where the workload declares none.
    #[must_use]
    pub fn variant(&self) -> &str {
        self.variant.as_deref().unwrap_or_default()
    }

    /// Whether this is the variant of that name.
    #[must_use]
    pub fn is(&self, variant: &str) -> bool {
        self.variant() == variant
    }

    /// The argument, or 0 where the workload declares none.
    #[must_use]
    pub fn arg(&self) -> u64 {
        self.arg.unwrap_or_default()
    }

    /// Seed for the workload's input. It is the same in every run unless the declaration changes it.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The runtime the body is polled on.
    #[must_use]
    pub fn runtime(&self) -> Runtime {
        self.runtime
    }
}

/// A tokio runtime to run a workload on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// One thread. Counts repeat exactly here, if the workload itself does.
    #[default]
    CurrentThread,
    /// This many worker threads. Counts vary a little and are judged against the variation seen.
    MultiThread(usize),
}

impl Runtime {
    pub(crate) fn build(self) -> std::io::Result<tokio::runtime::Runtime> {
        match self {
            Self::CurrentThread => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build(),
            #[cfg(feature = "multi-thread")]
            Self::MultiThread(workers) => tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers.max(1))
                .thread_name("worker")
                .enable_all()
                .build(),
            #[cfg(not(feature = "multi-thread"))]
            Self::MultiThread(_) => Err(std::io::Error::other(
                "a multi_thread runtime needs the feature `multi-thread` of perfkit",
            )),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CurrentThread => formatter.pad("current_thread"),
            Self::MultiThread(workers) => write!(formatter, "multi_thread({workers})"),
        }
    }
}

impl FromStr for Runtime {
    type Err = UnknownRuntime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "current_thread" {
            return Ok(Self::CurrentThread);
        }
        text.strip_prefix("multi_thread(")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|workers| workers.parse().ok())
            .filter(|workers| *workers > 0)
            .map(Self::MultiThread)
            .ok_or_else(|| UnknownRuntime {
                text: text.to_owned(),
            })
    }
}

/// A runtime that is neither `current_thread` nor `multi_thread(n)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no runtime is called `{text}`; there are `current_thread` and `multi_thread(n)`")]
pub struct UnknownRuntime {
    /// What was asked for.
    pub text: String,
}

/// Work done by one iteration, for values per item and throughput.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    pub(crate) items: u64,
    pub(crate) bytes: u64,
}

impl Units {
    /// Items, records or requests.
    #[must_use]
    pub const fn items(items: u64) -> Self {
        Self { items, bytes: 0 }
    }

    /// Bytes of payload.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self { items: 0, bytes }
    }

    /// Adds bytes of payload.
    #[must_use]
    pub const fn and_bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }
}
