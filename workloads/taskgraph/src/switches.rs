//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the three switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// How a worker is chosen for a task.
    pub placement: Placement,
    /// Where tasks are kept.
    pub table: Table,
    /// How often the scheduler is called.
    pub calls: Calls,
}

/// How a worker is chosen for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// By what it would cost on each of them: all workers are looked at for every task.
    Scan,
    /// The one with the fewest tasks, from an ordered set.
    Least,
    /// Any one.
    Random,
    /// Any one, and who has nothing to do gets half of what waits where most does.
    Stealing,
}

/// Where tasks are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A map of boxes.
    Boxed,
    /// A vector.
    Dense,
}

/// How often the scheduler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// For every event, and every message is sent by itself.
    PerEvent,
    /// For all events that have come in, and messages to one worker are sent together.
    Batched,
}

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// The form whose cost per task grows with the workers.
    #[must_use]
    pub const fn story() -> Self {
        Self {
            placement: Placement::Scan,
            table: Table::Boxed,
            calls: Calls::PerEvent,
        }
    }

    /// The form whose cost per task does not.
    #[must_use]
    pub const fn cured() -> Self {
        Self {
            placement: Placement::Least,
            table: Table::Dense,
            calls: Calls::Batched,
        }
    }
}

/// Reads `story` or `cured`, then any number of single switches: `story+dense-table`, `cured+random-placement`.
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
                "scan-placement" => switches.placement = Placement::Scan,
                "least-placement" => switches.placement = Placement::Least,
                "stealing-placement" => switches.placement = Placement::Stealing,
                "random-placement" => switches.placement = Placement::Random,
                "boxed-table" => switches.table = Table::Boxed,
                "dense-table" => switches.table = Table::Dense,
                "event-calls" => switches.calls = Calls::PerEvent,
                "batched-calls" => switches.calls = Calls::Batched,
                other => return Err(unknown(other)),
            }
        }
        Ok(switches)
    }
}
