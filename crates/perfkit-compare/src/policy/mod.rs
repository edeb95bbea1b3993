//! What counts as worse, how serious it is, and what has been accepted.
//!
//! The types deserialize from `perfkit.toml`:
//!
//! ```toml
//! [rules.allocations-grew]
//! level = "warn"
//! soft = "1 %"
//! hard = 10
//!
//! [[types]]
//! path = "ddsplit::wire::*"
//! rule = "type-grew"
//! level = "warn"
//! budget = "4 kB"
//!
//! [[accept]]
//! rule = "copied-bytes-grew"
//! workload = "ddsplit*"
//! reason = "the new wire format carries checksums"
//! expires = "2027-03-31"
//! ```

pub mod accept;
pub(crate) mod acceptance;
mod glob;
pub mod limits;
pub mod types;

use std::collections::BTreeMap;
use std::fmt;

use perfkit_model::comparison::Level;
use serde::{Deserialize, Deserializer, de};

use crate::policy::accept::Accept;
use crate::policy::limits::{Amount, Limits, Percent};
use crate::policy::types::TypePolicy;
use crate::rules::{RULES, Rule, rule};

/// What counts as worse, how serious it is, and what has been accepted. The default is every rule's own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Settings that differ from a rule's own.
    pub rules: BTreeMap<RuleId, RulePolicy>,
    /// What holds for some types only; of several that fit a type the last one counts.
    pub types: Vec<TypePolicy>,
    /// Regressions somebody has agreed to, for a while.
    pub accept: Vec<Accept>,
}

/// What a policy says about one rule; what is absent stays as the rule has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulePolicy {
    /// How serious; `allow` switches the rule off.
    pub level: Option<Level>,
    /// Relative growth up to which nothing is worse, in percent.
    pub soft: Option<Percent>,
    /// Absolute growth below which nothing is worse, in the metric's unit.
    pub hard: Option<Amount>,
    /// Whether growth is a regression whatever got better for it.
    pub pinned: Option<bool>,
}

/// The id of a rule that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

/// No rule has this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule `{id}`, expected one of {}", known())]
pub struct UnknownRule {
    /// What was asked for.
    pub id: String,
}

impl Policy {
    /// How serious a finding of this rule is.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.of(rule).level.unwrap_or(rule.level)
    }

    /// Whether what this rule finds is a regression whatever got better for it.
    #[must_use]
    pub fn is_pinned(&self, rule: &Rule) -> bool {
        self.of(rule).pinned.unwrap_or(false)
    }

    /// The limits of this rule.
    #[must_use]
    pub fn limits(&self, rule: &Rule) -> Limits {
        let settings = self.of(rule);
        Limits {
            soft: settings.soft.map_or(rule.limits.soft, Percent::fraction),
            hard: settings.hard.map_or(rule.limits.hard, Amount::value),
        }
    }

    fn of(&self, rule: &Rule) -> RulePolicy {
        self.rules
            .get(&RuleId(rule.id))
            .copied()
            .unwrap_or_default()
    }
}

impl RuleId {
    /// The id as written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0)
    }
}

impl TryFrom<&str> for RuleId {
    type Error = UnknownRule;

    /// # Errors
    ///
    /// When no rule has this id; the message names those that exist.
    fn try_from(id: &str) -> Result<Self, UnknownRule> {
        match rule(id) {
            Some(rule) => Ok(Self(rule.id)),
            None => Err(UnknownRule { id: id.to_owned() }),
        }
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::try_from(id.as_str()).map_err(de::Error::custom)
    }
}

fn known() -> String {
    let ids: Vec<String> = RULES.iter().map(|rule| format!("`{}`", rule.id)).collect();
    ids.join(", ")
}
