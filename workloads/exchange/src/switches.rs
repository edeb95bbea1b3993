//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Where the memory of a message comes from.
    pub memory: Memory,
    /// What a message holds.
    pub encoding: Encoding,
    /// How what all workers are to have is sent.
    pub broadcast: Broadcast,
}

/// Where the memory of a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Allocated for each message and freed by whoever reads it.
    Fresh,
    /// Used again after it was read.
    Pooled,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes, as between processes.
    Serialised,
    /// The records themselves.
    Typed,
}

/// How what all workers are to have is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// As a message for each of them.
    PointToPoint,
    /// As one message that all of them read.
    OneMessage,
}

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// Serialised into a fresh `Vec<u8>` per message and receiver.
    pub const fn story() -> Self {
        Self {
            memory: Memory::Fresh,
            encoding: Encoding::Serialised,
            broadcast: Broadcast::PointToPoint,
        }
    }

    /// Serialised into pooled slabs, once for all receivers.
    pub const fn cured() -> Self {
        Self {
            memory: Memory::Pooled,
            encoding: Encoding::Serialised,
            broadcast: Broadcast::OneMessage,
        }
    }
}

/// Reads `story` or `cured`, then any number of single switches: `story+typed`, `story+one-message`.
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
                "fresh" => switches.memory = Memory::Fresh,
                "pooled" => switches.memory = Memory::Pooled,
                "serialised" => switches.encoding = Encoding::Serialised,
                "typed" => switches.encoding = Encoding::Typed,
                "point-to-point" => switches.broadcast = Broadcast::PointToPoint,
                "one-message" => switches.broadcast = Broadcast::OneMessage,
                other => return Err(unknown(other)),
            }
        }
        Ok(switches)
    }
}
