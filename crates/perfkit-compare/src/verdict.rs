//! One answer from many rows.

use perfkit_model::comparison::{Finding, Judgement, Level, Row, Verdict};
use perfkit_model::run::{Case, Run};

use crate::Side;
use crate::environment::EnvironmentDifference;
use crate::rows::{Judged, Measured, failure};

/// Reasons why a comparison must not pass although nothing got worse.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    reasons: Vec<String>,
}

impl Doubts {
    /// Notes what was asked for in this case and could not be judged.
    ///
    /// A value both sides have and nobody could judge is a doubt. So is a case of which nothing could be
    /// judged. A lens that one side left out is none, as long as another lens was judged.
    pub(crate) fn note(
        &mut self,
        case: &Case,
        judged: &[Judged],
        environment: &EnvironmentDifference,
    ) {
        let asked: Vec<(&Judged, Option<&str>)> = judged
            .iter()
            .filter(|judged| judged.rule.is_some())
            .map(|judged| (judged, reason(&judged.row)))
            .collect();
        let nothing = asked.iter().all(|(_, reason)| reason.is_some());
        for (judged, reason) in asked {
            if let Some(reason) = reason
                && (nothing || judged.measured == Measured::Both)
            {
                // What differs between the environments is said once, and not for each case.
                self.reasons
                    .push(if environment.blocker.as_deref() == Some(reason) {
                        reason.to_owned()
                    } else {
                        format!("`{}`: {reason}", case.id)
                    });
            }
        }
    }
}

/// The answer. A regression outweighs what is unknown, and what is unknown outweighs a pass.
pub(crate) fn verdict(
    findings: &[Finding],
    rows: &[Row],
    doubts: Doubts,
    head: &Run,
    base: &Side<'_>,
) -> Verdict {
    if findings.iter().any(|finding| finding.level == Level::Deny) {
        return Verdict::Regressed;
    }
    let mut reasons = failures(head);
    reasons.extend(doubts.reasons);
    if let Some(reason) = joined(reasons) {
        return Verdict::NotJudged { reason };
    }
    if rows.iter().all(|row| reason(row).is_some()) {
        return Verdict::NotJudged {
            reason: format!("nothing that {} has could be judged", base.name),
        };
    }
    Verdict::Pass
}

/// A sentence about every failed pass of a run.
pub(crate) fn failures(run: &Run) -> Vec<String> {
    let mut failures: Vec<String> = run
        .failures()
        .filter_map(|(case, record)| {
            let failure = failure(record.pass, &record.outcome)?;
            Some(format!("`{}`: {failure}", case.id))
        })
        .collect();
    failures.sort();
    failures
}

/// The first of the reasons and how many more there are; `None` for none.
pub(crate) fn joined(reasons: Vec<String>) -> Option<String> {
    let mut distinct: Vec<String> = Vec::new();
    for reason in reasons {
        if !distinct.contains(&reason) {
            distinct.push(reason);
        }
    }
    let first = distinct.first()?.clone();
    Some(match distinct.len() {
        1 => first,
        2 => format!("{first}; and 1 more reason"),
        count => format!("{first}; and {} more reasons", count - 1),
    })
}

fn reason(row: &Row) -> Option<&str> {
    match &row.judgement {
        Judgement::NotJudged { reason } => Some(reason),
        Judgement::Same | Judgement::Better | Judgement::Worse => None,
    }
}
