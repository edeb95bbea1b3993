//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the four switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// How a server calls its storage.
    pub dispatch: Dispatch,
    /// Where `DistriErr` keeps the fragment it complains about.
    pub error: Layout,
    /// Where `DistriQuery` keeps its filter.
    pub query: Layout,
    /// Whether the fields of a frame are gathered before they reach the transport.
    pub io: Buffering,
}

/// How a server calls its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// Each layer is a `Box<dyn DynStorage>` with `#[async_trait]`: one boxed future per call and layer.
    Dynamic,
    /// An enum over the storages, under generic layers with native `async fn`.
    Native,
}

/// Where a large part of a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Inside the value, so that it moves whenever the value does.
    Inline,
    /// Behind a `Box`.
    Boxed,
}

/// Whether small writes and reads are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffering {
    /// Each field is its own write and its own read.
    Unbuffered,
    /// A buffer on either side of the stream.
    Buffered,
}

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// The form of the first port: everything inline, dynamic and unbuffered.
    pub const fn story() -> Self {
        Self {
            dispatch: Dispatch::Dynamic,
            error: Layout::Inline,
            query: Layout::Inline,
            io: Buffering::Unbuffered,
        }
    }

    /// The form with all four cures.
    pub const fn cured() -> Self {
        Self {
            dispatch: Dispatch::Native,
            error: Layout::Boxed,
            query: Layout::Boxed,
            io: Buffering::Buffered,
        }
    }
}

/// Reads `story` or `cured`, then any number of single switches: `story+boxed-error`, `cured+inline-query`.
impl FromStr for Switches {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        let mut parts = name.split('+');
        let unknown = |part: &str| UnknownVariant {
            part: part.to_owned(),
        };
        let mut switches = match parts.next() {
            Some("story") => Self::story(),
            Some("cured") => Self::cured(),
            other => return Err(unknown(other.unwrap_or_default())),
        };
        for part in parts {
            match part {
                "dynamic-dispatch" => switches.dispatch = Dispatch::Dynamic,
                "native-dispatch" => switches.dispatch = Dispatch::Native,
                "inline-error" => switches.error = Layout::Inline,
                "boxed-error" => switches.error = Layout::Boxed,
                "inline-query" => switches.query = Layout::Inline,
                "boxed-query" => switches.query = Layout::Boxed,
                "unbuffered-io" => switches.io = Buffering::Unbuffered,
                "buffered-io" => switches.io = Buffering::Buffered,
                other => return Err(unknown(other)),
            }
        }
        Ok(switches)
    }
}
