//! Regressions somebody has agreed to, for a while.

use std::fmt;

use perfkit_model::run::CaseId;
use serde::{Deserialize, Deserializer, de};

use crate::policy::RuleId;

/// One accepted regression. Its finding stays in the report at level `allow`, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// Which rule may find it.
    pub rule: RuleId,
    /// The workload's name, or a case as reports write it (`ddsplit/8 [story]`); `*` and `?` stand for
    /// any text and any character.
    pub workload: String,
    /// Why that is all right. It is shown beside the finding.
    pub reason: String,
    /// Last day on which it holds. Everything accepted is looked at again.
    pub expires: Date,
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
        self.rule.as_str() == rule
            && (matches_glob(&self.workload, &case.workload)
                || self.workload == case.to_string()
                || matches_glob(&self.workload, &case.to_string()))
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

/// Whether `text` has the form of `pattern`, where `*` stands for any text and `?` for any character.
///
/// Linear with one point to fall back to: the last `*` may always take one more character.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    let mut fallback: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                fallback = Some((at + 1, position));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((after_star, taken)) = fallback else {
                    return false;
                };
                fallback = Some((after_star, taken + 1));
                at = after_star;
                position = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}
