//! Regressions somebody has agreed to, for a while.

use std::fmt;

use perfkit_model::run::CaseId;
use serde::{Deserialize, Deserializer, de};

use crate::policy::RuleId;
use crate::policy::glob::{matches, matches_type};
use crate::rules::{Check, rule};

/// One accepted regression. Its finding stays in the report at level `allow`, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Accept {
    /// Which rule may find it.
    pub rule: RuleId,
    /// Where.
    pub about: About,
    /// Why that is all right. It is shown beside the finding.
    pub reason: String,
    /// Last day on which it holds. Everything accepted is looked at again.
    pub expires: Date,
}

/// Where a rule may find something. `*` and `?` stand for any text and any character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The workload's name, or a case as reports write it (`ddsplit/8 [story]`).
    Workload(String),
    /// The type's name, with or without its arguments (`ddsplit::story::DistriErr`, `async fn ddsplit::query::*`).
    Type(String),
}

/// As a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: RuleId,
    workload: Option<String>,
    #[serde(rename = "type")]
    ty: Option<String>,
    reason: String,
    expires: Date,
}

impl TryFrom<Written> for Accept {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let is_of_types =
            rule(written.rule.as_str()).is_some_and(|rule| matches!(rule.check, Check::Types(_)));
        let about = match (written.workload, written.ty) {
            (Some(workload), None) if !is_of_types => About::Workload(workload),
            (None, Some(ty)) if is_of_types => About::Type(ty),
            _ => {
                let key = if is_of_types { "type" } else { "workload" };
                return Err(format!(
                    "`{}` is accepted by its `{key}`, and by nothing else",
                    written.rule
                ));
            }
        };
        Ok(Self {
            rule: written.rule,
            about,
            reason: written.reason,
            expires: written.expires,
        })
    }
}

/// A day as `2027-03-31`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(String);

/// No day of the form `2027-03-31`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no date, expected the form 2027-03-31")]
pub struct DateError {
    /// What was written.
    pub text: String,
}

impl Accept {
    /// Whether this entry speaks of `rule` in `case`.
    #[must_use]
    pub fn covers(&self, rule: &str, case: &CaseId) -> bool {
        let About::Workload(workload) = &self.about else {
            return false;
        };
        self.rule.as_str() == rule
            && (matches(workload, &case.workload)
                || *workload == case.to_string()
                || matches(workload, &case.to_string()))
    }

    /// Whether this entry speaks of `rule` and a type of this name.
    #[must_use]
    pub fn covers_type(&self, rule: &str, name: &str) -> bool {
        let About::Type(pattern) = &self.about else {
            return false;
        };
        self.rule.as_str() == rule && matches_type(pattern, name)
    }

    /// What is said behind the message of an accepted finding.
    #[must_use]
    pub(crate) fn note(&self) -> String {
        format!(" (accepted until {}: {})", self.expires, self.reason)
    }

    /// Whether it has expired on `today`. Where the day is unknown it has not: the run says so.
    #[must_use]
    pub fn is_expired(&self, today: Option<&Date>) -> bool {
        today.is_some_and(|today| *today > self.expires)
    }
}

impl Date {
    /// The day a timestamp of RFC 3339 falls on, and a plain date.
    ///
    /// # Errors
    ///
    /// When `text` does not begin with a date.
    pub fn new(text: &str) -> Result<Self, DateError> {
        let day = text.split_once(['T', ' ']).map_or(text, |(day, _)| day);
        let wrong = || DateError {
            text: text.to_owned(),
        };
        let mut parts = day.split('-');
        for (digits, most) in [(4, 9_999), (2, 12), (2, 31)] {
            let part = parts.next().ok_or_else(wrong)?;
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            let number: u32 = part.parse().map_err(|_not_a_number| wrong())?;
            if !is_number || number == 0 || number > most {
                return Err(wrong());
            }
        }
        match parts.next() {
            None => Ok(Self(day.to_owned())),
            Some(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(pattern) | Self::Type(pattern) => formatter.write_str(pattern),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}
