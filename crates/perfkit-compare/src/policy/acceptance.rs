//! The acceptances that hold on a day.

use perfkit_model::run::CaseId;

use crate::policy::Policy;
use crate::policy::accept::{About, Accept, Date};

/// The acceptances that hold on the day of the head.
#[derive(Debug)]
pub(crate) struct Acceptance<'a> {
    valid: Vec<&'a Accept>,
}

impl<'a> Acceptance<'a> {
    /// Takes those that fit, and the day on which the head was `started`, so that a comparison repeats. What expired
    /// becomes a remark.
    pub(crate) fn new(
        policy: &'a Policy,
        fits: impl Fn(&About) -> bool,
        started: &str,
        remarks: &mut Vec<String>,
    ) -> Self {
        let today = Date::new(started).ok();
        let (expired, valid): (Vec<&Accept>, Vec<&Accept>) = policy
            .accept
            .iter()
            .filter(|accept| fits(&accept.about))
            .partition(|accept| accept.is_expired(today.as_ref()));
        if today.is_none() && !valid.is_empty() {
            remarks.push(
                "the head has no start date, so no acceptance is treated as expired".to_owned(),
            );
        }
        remarks.extend(expired.into_iter().map(|accept| {
            format!(
                "the acceptance of `{}` for `{}` expired on {} ({})",
                accept.rule, accept.about, accept.expires, accept.reason
            )
        }));
        Self { valid }
    }

    /// The one that covers a rule's finding in a case.
    pub(crate) fn of_case(&self, rule: &str, case: &CaseId) -> Option<&'a Accept> {
        let mut valid = self.valid.iter();
        valid.find(|accept| accept.covers(rule, case)).copied()
    }

    /// The one that covers a rule's finding about a type.
    pub(crate) fn of_type(&self, rule: &str, name: &str) -> Option<&'a Accept> {
        let mut valid = self.valid.iter();
        valid.find(|accept| accept.covers_type(rule, name)).copied()
    }
}
