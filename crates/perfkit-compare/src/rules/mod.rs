//! What can be found. A rule is a row, in a file named as its id.

pub mod allocated_bytes_grew;
pub mod allocations_grew;
pub mod copied_bytes_grew;
pub mod copies_grew;
pub mod cpu_time_grew;
pub mod enum_variant_outlier;
pub mod exponent_grew;
pub mod future_grew;
pub mod future_too_large;
pub mod held_across_await_grew;
pub mod instructions_grew;
pub mod io_bytes_grew;
pub mod io_calls_grew;
pub mod iterations_differ;
pub mod new_large_type;
pub mod over_budget;
pub mod padding_grew;
pub mod peak_memory_grew;
pub mod reallocations_grew;
pub mod result_err_large;
pub mod retained_memory_grew;
pub mod trade_off;
pub mod type_grew;
pub mod wall_time_grew;

use perfkit_model::comparison::Level;
use perfkit_model::metric::{Direction, Metric, Noise};

use crate::lint::subject::{Statement, Subject};
use crate::policy::limits::Limits;

/// Every rule, in the order references list them.
pub const RULES: &[&Rule] = &[
    &cpu_time_grew::RULE,
    &wall_time_grew::RULE,
    &instructions_grew::RULE,
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
    &exponent_grew::RULE,
    &trade_off::RULE,
    &over_budget::RULE,
    &held_across_await_grew::RULE,
    &future_grew::RULE,
    &type_grew::RULE,
    &padding_grew::RULE,
    &enum_variant_outlier::RULE,
    &result_err_large::RULE,
    &future_too_large::RULE,
    &new_large_type::RULE,
];

/// One thing that can be found.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Public id, kebab-case: what policies, `explain` and reports call it. It is also the file's name.
    pub id: &'static str,
    /// How serious, where the policy says nothing else.
    pub level: Level,
    /// How much is too much, where the policy says nothing else.
    pub limits: Limits,
    /// What it looks at, and what has to have happened.
    pub check: Check,
    /// What it means, why it matters, how to fix it, and an example before and after. Markdown.
    pub explain: &'static str,
}

/// What a [`Rule`] looks at.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Metrics of two runs.
    Metrics(MetricCheck),
    /// Types of two builds.
    Types(TypeCheck),
    /// What other rules found at several arguments of a workload.
    Growth,
    /// What other rules found, beside what got better.
    Traded,
}

/// A check of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricCheck {
    /// Which metrics it looks at.
    pub selector: Selector,
    /// What has to have happened to them.
    pub change: Change,
    /// What a finding says, with `{title}`, `{base}`, `{head}`, `{change}` and `{spread}` filled in.
    pub message: &'static str,
}

/// A check of types.
#[derive(Debug, Clone, Copy)]
pub struct TypeCheck {
    /// What the limits are held against, as the reference says it: `growth`.
    pub limited: &'static str,
    /// Says what happened, where it did.
    pub find: fn(&Subject<'_>) -> Option<Statement>,
}

/// Which metrics a [`MetricCheck`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// The one with this id.
    Metric(&'static str),
    /// All that can be exact and are not for orientation only. How often a thread waits for the kernel is never sure.
    EveryExact,
}

/// What has to have happened to a metric for a [`MetricCheck`] to find it.
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

/// The rule that finds this change of this metric, and what it looks for.
pub(crate) fn rule_for(metric: &Metric, change: Change) -> Option<MetricRule> {
    RULES.iter().find_map(|rule| match &rule.check {
        Check::Metrics(check) if check.change == change && check.selector.selects(metric) => {
            Some(MetricRule { row: rule, check })
        }
        _ => None,
    })
}

/// The rules that look at types, the most telling first: a type gets one finding.
pub(crate) fn type_rules() -> impl Iterator<Item = (&'static Rule, &'static TypeCheck)> {
    RULES.iter().filter_map(|rule| match &rule.check {
        Check::Types(check) => Some((*rule, check)),
        Check::Metrics(_) | Check::Growth | Check::Traded => None,
    })
}

/// A rule that looks at metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetricRule {
    /// Its row.
    pub(crate) row: &'static Rule,
    /// What it looks for.
    pub(crate) check: &'static MetricCheck,
}

impl Selector {
    /// Whether it selects this metric.
    #[must_use]
    pub fn selects(self, metric: &Metric) -> bool {
        match self {
            Self::Metric(id) => metric.id == id,
            Self::EveryExact => {
                metric.noise == Noise::Exact
                    && metric.direction == Direction::LowerIsBetter
                    && metric.lens != "io"
            }
        }
    }
}
