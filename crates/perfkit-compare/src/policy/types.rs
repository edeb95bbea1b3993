//! What a policy says about some types.

use perfkit_model::comparison::Level;
use perfkit_model::layout::TypeLayout;
use serde::Deserialize;

use crate::policy::glob::matches_type;
use crate::policy::limits::{Amount, Limits, Percent};
use crate::policy::{Policy, RuleId};
use crate::rules::Rule;

/// Settings for the types that fit; what is absent fits all, and stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TypePolicy {
    /// Names of types, with or without arguments: `ddsplit::wire::*`.
    pub path: Option<String>,
    /// Their crate.
    #[serde(rename = "crate")]
    pub krate: Option<String>,
    /// The rule it is about; without one, every rule about types.
    pub rule: Option<RuleId>,
    /// How serious; `allow` switches the rule off for them.
    pub level: Option<Level>,
    /// Relative growth up to which nothing is worse, in percent.
    pub soft: Option<Percent>,
    /// Absolute limit of the rule, in bytes.
    pub hard: Option<Amount>,
    /// Bytes that none of them may be larger than, whatever it was before.
    pub budget: Option<Amount>,
}

impl TypePolicy {
    fn fits(&self, layout: &TypeLayout) -> bool {
        let path = self.path.as_ref();
        let krate = self.krate.as_ref();
        path.is_none_or(|path| matches_type(path, &layout.name))
            && krate.is_none_or(|krate| krate.replace('-', "_") == layout.krate)
    }
}

impl Policy {
    /// How serious a rule's finding about this type is.
    pub(crate) fn type_level(&self, rule: &Rule, layout: &TypeLayout) -> Level {
        self.last(Some(rule), layout, |entry| entry.level)
            .unwrap_or_else(|| self.level(rule))
    }

    /// The limits of a rule for this type.
    pub(crate) fn type_limits(&self, rule: &Rule, layout: &TypeLayout) -> Limits {
        let general = self.limits(rule);
        let soft = self.last(Some(rule), layout, |entry| entry.soft);
        let hard = self.last(Some(rule), layout, |entry| entry.hard);
        Limits {
            soft: soft.map_or(general.soft, Percent::fraction),
            hard: hard.map_or(general.hard, Amount::value),
        }
    }

    /// Bytes that this type may have at most, where somebody has said so.
    pub(crate) fn budget(&self, layout: &TypeLayout) -> Option<f64> {
        self.last(None, layout, |entry| entry.budget)
            .map(Amount::value)
    }

    /// The last setting that fits.
    fn last<T>(
        &self,
        rule: Option<&Rule>,
        layout: &TypeLayout,
        setting: impl Fn(&TypePolicy) -> Option<T>,
    ) -> Option<T> {
        let is_about = |entry: &&TypePolicy| match (rule, entry.rule) {
            (Some(rule), Some(id)) => rule.id == id.as_str(),
            _ => true,
        };
        self.types
            .iter()
            .rev()
            .filter(is_about)
            .filter(|entry| entry.fits(layout))
            .find_map(setting)
    }
}
