//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Where the memory of a message comes from.
    pub memory: Memory,
    /// What a message holds.
    pub encoding: Encoding,
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

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// Serialised into a fresh `Vec<u8>` per message.
    pub const fn story() -> Self {
        Self {
            memory: Memory::Fresh,
            encoding: Encoding::Serialised,
        }
    }

    /// Serialised into pooled slabs.
    pub const fn cured() -> Self {
        Self {
            memory: Memory::Pooled,
            encoding: Encoding::Serialised,
        }
    }
}

/// Reads `story` or `cured`, each with or without `+typed`.
impl FromStr for Switches {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        let (base, typed) = match name.strip_suffix("+typed") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let mut switches = match base {
            "story" => Self::story(),
            "cured" => Self::cured(),
            other => {
                return Err(UnknownVariant {
                    part: other.to_owned(),
                });
            }
        };
        if typed {
            switches.encoding = Encoding::Typed;
        }
        Ok(switches)
    }
}
