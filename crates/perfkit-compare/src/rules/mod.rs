//! What can be found. A rule is a row, in a file named as its id.

pub mod allocated_bytes_grew;
pub mod allocations_grew;
pub mod copied_bytes_grew;
pub mod copies_grew;
pub mod io_bytes_grew;
pub mod io_calls_grew;
pub mod iterations_differ;
pub mod peak_memory_grew;
pub mod reallocations_grew;
pub mod retained_memory_grew;

use perfkit_model::comparison::Level;
use perfkit_model::metric::{Direction, Metric, Noise};

use crate::policy::limits::Limits;

/// Every rule, in the order references list them.
pub const RULES: &[&Rule] = &[
    &allocations_grew::RULE,
    &reallocations_grew::RULE,
    &allocated_bytes_grew::RULE,
    &peak_memory_grew::RULE,
    &retained_memory_grew::RULE,
    &copies_grew::RULE,
    &copied_bytes_grew::RULE,
    &io_calls_grew::RULE,
    &io_bytes_grew::RULE,
    &iterations_differ::RULE,
];

/// One thing that can be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Public id, kebab-case: what policies, `explain` and reports call it. It is also the file's name.
    pub id: &'static str,
    /// How serious, where the policy says nothing else.
    pub level: Level,
    /// Which metrics it looks at.
    pub selector: Selector,
    /// What has to have happened to them.
    pub change: Change,
    /// How much of it is too much, where the policy says nothing else.
    pub limits: Limits,
    /// What a finding says, with `{title}`, `{base}`, `{head}`, `{change}` and `{spread}` filled in.
    pub message: &'static str,
    /// What it means, why it matters, how to fix it, and an example before and after. Markdown.
    pub explain: &'static str,
}

/// Which metrics a [`Rule`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// The one with this id.
    Metric(&'static str),
    /// All that can be exact and are not for orientation only.
    EveryExact,
}

/// What has to have happened to a metric for a [`Rule`] to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It got worse beyond the limits.
    Grew,
    /// It was the same in every iteration of the base and is not in the head.
    TurnedInexact,
}

/// The rule with this id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// The rule that finds this change of this metric.
pub(crate) fn rule_for(metric: &Metric, change: Change) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.change == change && rule.selector.selects(metric))
}

impl Selector {
    /// Whether it selects this metric.
    #[must_use]
    pub fn selects(self, metric: &Metric) -> bool {
        match self {
            Self::Metric(id) => metric.id == id,
            Self::EveryExact => {
                metric.noise == Noise::Exact && metric.direction == Direction::LowerIsBetter
            }
        }
    }
}
