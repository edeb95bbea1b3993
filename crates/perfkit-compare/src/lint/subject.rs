//! What a rule about types gets to see, and what it answers.

use perfkit_model::layout::{TypeLayout, with_short_arguments};
use perfkit_model::lint::GrowthCause;
use perfkit_model::quantity::grouped;

use crate::lint::errors::Errors;
use crate::policy::limits::Limits;

/// A type of the head, and what it was.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'t> {
    /// As it was; `None` for a new one.
    pub base: Option<&'t TypeLayout>,
    /// As it is.
    pub head: &'t TypeLayout,
    /// What made it grow.
    pub cause: Option<&'t GrowthCause>,
    /// The limits of the rule that looks.
    pub limits: Limits,
    /// Bytes that it may have at most, where somebody has said so.
    pub budget: Option<f64>,
    /// Types that are the error of a `Result`.
    pub(crate) errors: &'t Errors,
}

/// What a rule says of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// One line that says what happened, with numbers and the cause.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Subject<'_> {
    /// Whether it grew beyond the limits.
    #[must_use]
    pub fn has_grown(&self) -> bool {
        self.base
            .is_some_and(|base| self.is_beyond(base.size, self.head.size))
    }

    /// Whether growth from `base` to `head` is beyond the limits. Relative growth is that of the type's size.
    #[must_use]
    pub fn is_beyond(&self, base: u64, head: u64) -> bool {
        let growth = head.saturating_sub(base) as f64;
        let whole = self.base.map_or(self.head.size, |base| base.size) as f64;
        growth >= self.limits.hard.max(1.0) && growth > self.limits.soft * whole
    }

    /// Whether its size reaches the rule's absolute limit, and did not before.
    #[must_use]
    pub fn has_outgrown(&self) -> bool {
        let is_large = |layout: &TypeLayout| layout.size as f64 >= self.limits.hard;
        is_large(self.head) && !self.base.is_some_and(is_large)
    }

    /// `async fn store::load`, with short arguments.
    #[must_use]
    pub fn name(&self) -> String {
        with_short_arguments(&self.head.name)
    }

    /// `` `store::Session` grew 25 %, from 4 096 to 5 120 B``.
    #[must_use]
    pub fn growth(&self) -> String {
        let head = self.head.size;
        let base = self.base.map_or(head, |base| base.size);
        format!(
            "`{}` grew {}, from {} to {} B",
            self.name(),
            perfkit_model::quantity::change(base as f64, head as f64),
            grouped(base),
            grouped(head)
        )
    }
}
