//! What was said of one pair, held against what it is known to be.

use perfkit_model::comparison::{Cause, Comparison, Finding, Level};
use perfkit_model::lint::TypeFinding;

use crate::truth::expect::{Expectation, Pair};

/// What was said of one pair.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The pair.
    pub(crate) pair: Pair,
    /// What was said, the first first: rule, and what is named.
    pub(crate) said: Vec<Said>,
    /// Position of the first cause that names what has to be named, from 1.
    pub(crate) rank: Option<usize>,
}

/// One finding about a pair.
#[derive(Debug)]
pub(crate) struct Said {
    /// Rule.
    pub(crate) rule: String,
    /// How serious.
    pub(crate) level: Level,
    /// The sentence.
    pub(crate) message: String,
    /// Whether it is about something that repeats exactly.
    pub(crate) is_exact: bool,
}

/// How it compares with what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A regression or trade-off that was found, or silence where there should be.
    Right,
    /// A regression nobody spoke of.
    Missed,
    /// Something was said of a change that made nothing worse, or a trade-off was called a regression.
    FalseAlarm,
    /// Only a lens that does not exist yet can see it.
    NotYetJudged,
}

impl Outcome {
    /// What the comparison says of this pair.
    pub(crate) fn of(pair: &Pair, comparison: &Comparison) -> Self {
        let findings: Vec<&Finding> = comparison
            .findings
            .iter()
            .filter(|finding| finding.case.package == pair.name && finding.level > Level::Note)
            .collect();
        let krate = pair.name.replace('-', "_");
        let types: Vec<&TypeFinding> = comparison
            .types
            .iter()
            .filter(|finding| finding.krate == krate && finding.level > Level::Note)
            .collect();
        let mut named: Vec<String> = Vec::new();
        for finding in &findings {
            named.extend(finding.because.iter().map(named_by_type));
            named.extend(finding.causes.iter().map(named_by));
        }
        named.extend(types.iter().copied().map(named_by_type));
        let cause = pair.expected.cause.as_ref();
        let rank = cause.and_then(|cause| {
            let names = |words: &String| has_word(words, &cause.symbol);
            Some(named.iter().position(names)? + 1)
        });
        let metrics = findings.iter().map(|finding| Said {
            rule: finding.rule.clone(),
            level: finding.level,
            message: finding.message.clone(),
            is_exact: !finding.metric.starts_with("time.")
                && !finding.metric.starts_with("instructions."),
        });
        let types = types.iter().map(|finding| Said {
            rule: finding.rule.clone(),
            level: finding.level,
            message: finding.message.clone(),
            is_exact: true,
        });
        Self {
            pair: pair.clone(),
            said: metrics.chain(types).collect(),
            rank,
        }
    }

    /// How it compares with what is known.
    pub(crate) fn verdict(&self) -> Verdict {
        let denied = self.said.iter().any(|said| said.level == Level::Deny);
        let traded = self.said.iter().any(|said| said.rule == "trade-off");
        match self.pair.expected.expect {
            Expectation::Regression if self.pair.expected.is_out_of_sight() => {
                Verdict::NotYetJudged
            }
            Expectation::Regression if denied => Verdict::Right,
            Expectation::Regression => Verdict::Missed,
            Expectation::TradeOff if denied => Verdict::FalseAlarm,
            Expectation::TradeOff if traded => Verdict::Right,
            Expectation::TradeOff => Verdict::Missed,
            Expectation::Silent | Expectation::Improvement if self.said.is_empty() => {
                Verdict::Right
            }
            Expectation::Silent | Expectation::Improvement => Verdict::FalseAlarm,
        }
    }
}

/// All that a cause names: functions and type.
fn named_by(cause: &Cause) -> String {
    let ty = cause.ty.as_ref().map_or("", |ty| ty.name.as_str());
    let through = cause.through.as_deref().unwrap_or_default();
    format!("{} {through} {ty}", cause.function)
}

/// The type that grew, and the part of it that did.
fn named_by_type(finding: &TypeFinding) -> String {
    let cause = finding.cause.as_ref();
    let part = cause.map(|cause| format!("{} {}", cause.part, cause.type_name));
    format!("{} {}", finding.type_name, part.unwrap_or_default())
}

/// Whether a name is one of the words that paths and types are made of.
fn has_word(text: &str, name: &str) -> bool {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(|word| word == name)
}
