//! Compares two runs of cargo perfkit and judges the difference.
//!
//! [`compare`] and [`examine`] are pure: runs and a [`policy::Policy`] in, a [`Comparison`] out. Nothing
//! here reads a clock, a file or the environment, so the same two runs give the same verdict everywhere.
//!
//! Exact counts are compared exactly, near-exact ones against a band that the runs themselves showed, and
//! noisy ones are shown only. What cannot be judged says why, and is never a pass.
//!
//! A rule is a row in [`rules::RULES`]: one file, one id, one explanation. Causes come from the stacks of
//! both sides; a difference nobody can attribute stays unattributed, and a guess says that it is one.

pub mod anatomy;
pub mod because;
mod causes;
mod environment;
mod exponent;
mod finding;
mod gain;
mod groups;
pub mod growth;
pub mod history;
mod judgement;
mod layout_shift;
pub mod lint;
mod names;
pub mod pairing;
pub mod policy;
mod remedy;
mod rows;
pub mod rules;
mod sentence;
pub mod timing;
mod trade_off;
pub mod types;
mod verdict;

use perfkit_model::comparison::{Comparison, Row, Verdict};
use perfkit_model::run::{Case, Run};

use crate::finding::Found;
use crate::policy::Policy;
use crate::policy::accept::About;
use crate::policy::acceptance::Acceptance;
use crate::timing::Decision;

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// How reports call it, as `baseline cured`.
    pub name: String,
    /// Where it comes from.
    pub kind: SideKind,
    /// What was measured; [`stacks`](perfkit_model::run::Case::stacks) are filled where causes are wanted.
    pub run: &'a Run,
}

/// Where the values of a [`Side`] come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideKind {
    /// A run stored under a name, perhaps long ago and elsewhere.
    Baseline,
    /// A run file somebody named.
    RunFile,
    /// Measured by this very invocation.
    Measured,
}

/// Compares `head` with `base` and judges every metric both have.
///
/// Rows are sorted by case and then as the metric catalogue; findings are sorted most important first.
/// Neither depends on the order of cases in the runs. Damaged input (not a number, stacks that do not
/// hang together) is never a panic: what it touches is not judged.
#[must_use]
pub fn compare(base: &Side<'_>, head: &Side<'_>, policy: &Policy) -> Comparison {
    let environment = environment::compare(base, head);
    let pairing = pairing::pair(&base.run.cases, &head.run.cases);
    let mut remarks = pairing::remarks(&pairing, base, head);
    let acceptance = Acceptance::new(
        policy,
        |about| matches!(about, About::Workload(_)),
        &head.run.started,
        &mut remarks,
    );

    let mut rows: Vec<Row> = Vec::new();
    let mut findings = Vec::new();
    let mut doubts = verdict::Doubts::default();
    let is_timed = |pair: &&pairing::Pair<'_>| !pair.head.interleaved.is_empty();
    let court = rows::Court {
        base,
        head,
        environment: &environment,
        policy,
        timed: pairing.pairs.iter().filter(is_timed).count(),
    };
    for pair in &pairing.pairs {
        let judged = rows::judge(pair, court);
        doubts.note(pair.head, &judged, &environment);
        let mut found: Vec<Found> = judged
            .iter()
            .flat_map(|judged| finding::find(pair, judged, &environment, policy, &acceptance))
            .collect();
        trade_off::weigh(&mut found, &judged, policy);
        layout_shift::weigh(&mut found, &judged);
        findings.extend(groups::gather(found));
        remarks.extend(finding::missing_stacks(pair, &judged, base));
        rows.extend(judged.into_iter().map(|judged| judged.row));
    }
    for case in &pairing.head_only {
        let reason = format!("{} has no such case", base.name);
        rows.extend(rows::shown_only(case, &reason));
    }
    rows.sort_by(rows::order);
    let growth = growth::growths(Some(base.run), head.run);
    findings.sort_by(finding::order);
    exponent::raise(
        &mut findings,
        &growth,
        &rows,
        &pairing.pairs,
        policy,
        &acceptance,
    );
    findings.sort_by(finding::order);
    remarks.extend(rows::not_available(head.run, &rows));
    let verdict = verdict::verdict(&findings, &rows, doubts, head.run, base);
    Comparison {
        base: base.name.clone(),
        head: head.name.clone(),
        verdict,
        findings,
        types: Vec::new(),
        rows,
        growth,
        remarks,
        context: environment.context,
    }
}

/// Whether a case's timings, measured in turn, say that it got slower; it is one of `cases`.
#[must_use]
pub fn got_slower(head: &Case, policy: &Policy, cases: usize) -> bool {
    timing::judged(policy).into_iter().any(|(metric, limits)| {
        let mut sessions = head.interleaved.iter();
        let session = sessions.find(|session| session.metric == metric);
        let gate = timing::Gate::of(limits, &head.id, cases);
        session.is_some_and(|session| {
            gate.judge(&session.rounds, session.orders).decision == Decision::Worse
        })
    })
}

/// A run on its own: its rows, nothing judged and nothing found.
#[must_use]
pub fn examine(head: &Side<'_>) -> Comparison {
    let reason = "there is no baseline to compare with";
    let mut rows: Vec<Row> = head
        .run
        .cases
        .iter()
        .flat_map(|case| rows::shown_only(case, reason))
        .collect();
    rows.sort_by(rows::order);
    let reasons = verdict::failures(head.run);
    Comparison {
        head: head.name.clone(),
        verdict: Verdict::NotJudged {
            reason: verdict::joined(reasons).unwrap_or_else(|| reason.to_owned()),
        },
        remarks: rows::not_available(head.run, &rows),
        growth: growth::growths(None, head.run),
        rows,
        ..Comparison::default()
    }
}

impl Side<'_> {
    /// Whether the values were there before this invocation began.
    fn is_stored(&self) -> bool {
        match self.kind {
            SideKind::Baseline | SideKind::RunFile => true,
            SideKind::Measured => false,
        }
    }
}
