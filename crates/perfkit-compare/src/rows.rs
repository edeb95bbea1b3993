//! One row per case and metric.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::comparison::{Judgement, Level, Row};
use perfkit_model::lens::{Pass, lens};
use perfkit_model::metric::{Direction, METRICS, Metric, Noise, metric};
use perfkit_model::run::{Case, Measurement, Outcome, Run};

use crate::Side;
use crate::environment::EnvironmentDifference;
use crate::judgement::{self, Opinion, TIMINGS};
use crate::pairing::Pair;
use crate::policy::Policy;
use crate::rules::{Change, MetricRule, rule_for};
use crate::timing::{Gate, Timing};

/// A row and what led to it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) row: Row,
    /// The rule a policy asks to judge this metric by; `None` where nobody asked.
    pub(crate) rule: Option<MetricRule>,
    /// Whether both sides have a value.
    pub(crate) measured: Measured,
}

/// Which sides have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    Both,
    OneSide,
}

/// What all pairs are judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Court<'a> {
    pub(crate) base: &'a Side<'a>,
    pub(crate) head: &'a Side<'a>,
    pub(crate) environment: &'a EnvironmentDifference,
    pub(crate) policy: &'a Policy,
    /// Cases whose timings are judged: together they are to raise no more false alarms than one.
    pub(crate) timed: usize,
}

/// The rows of one pair.
pub(crate) fn judge(pair: &Pair<'_>, court: Court<'_>) -> Vec<Judged> {
    let ids: BTreeSet<&String> = pair
        .base
        .measurements
        .keys()
        .chain(pair.head.measurements.keys())
        .collect();
    ids.into_iter()
        .map(|id| {
            let left = pair.base.measurements.get(id);
            let right = pair.head.measurements.get(id);
            let row = |opinion: Opinion| Row {
                case: pair.head.id.clone(),
                metric: id.clone(),
                base: left.map(|measurement| measurement.value),
                head: right.map(|measurement| measurement.value),
                judgement: opinion.judgement,
                smallest_effect: opinion.smallest_effect,
                estimate: opinion.estimate,
            };
            let measured = match (left, right) {
                (Some(_), Some(_)) => Measured::Both,
                _ => Measured::OneSide,
            };
            let timing = interleaved(id, pair, court);
            let (metric, rule) = match judging_rule(id, timing.as_ref(), court.policy) {
                Ok(found) => found,
                Err(reason) => {
                    // Nobody asked; the numbers are shown all the same.
                    let estimate = timing.and_then(|timing| timing.estimate);
                    return Judged {
                        row: row(Opinion {
                            estimate,
                            ..Opinion::none(reason)
                        }),
                        rule: None,
                        measured,
                    };
                }
            };
            let opinion = match comparable(metric, pair, (left, right), court) {
                Ok((left, right)) => {
                    let limits = court.policy.limits(rule.row);
                    match timing {
                        Some(timing) => judgement::judge_timing(left, right, &timing, limits),
                        None => judgement::judge(metric.noise, left, right, limits),
                    }
                }
                Err(reason) => Opinion::none(reason),
            };
            Judged {
                row: row(opinion),
                rule: Some(rule),
                measured,
            }
        })
        .collect()
}

/// What the session says about a metric that was measured in turn on both sides.
fn interleaved(id: &str, pair: &Pair<'_>, court: Court<'_>) -> Option<Timing> {
    let mut sessions = pair.head.interleaved.iter();
    let session =
        sessions.find(|session| session.metric == id && session.base == court.base.run.id)?;
    let rule = rule_for(metric(id)?, Change::Grew)?;
    let limits = court.policy.limits(rule.row);
    Some(Gate::of(limits, &pair.head.id, court.timed).judge(&session.rounds, session.orders))
}

/// The rows of a case that has nothing to be compared with.
pub(crate) fn shown_only(case: &Case, reason: &str) -> Vec<Row> {
    case.measurements
        .iter()
        .map(|(id, measurement)| {
            let is_neutral = metric(id).is_some_and(|row| row.direction == Direction::Neutral);
            Row {
                case: case.id.clone(),
                metric: id.clone(),
                base: None,
                head: Some(measurement.value),
                judgement: Judgement::NotJudged {
                    reason: if is_neutral { ORIENTATION } else { reason }.to_owned(),
                },
                smallest_effect: None,
                estimate: None,
            }
        })
        .collect()
}

/// By case, then as the catalogue; metrics it does not know come last.
pub(crate) fn order(left: &Row, right: &Row) -> Ordering {
    let rank = |row: &Row| {
        let position = METRICS.iter().position(|metric| metric.id == row.metric);
        position.unwrap_or(METRICS.len())
    };
    left.case
        .cmp(&right.case)
        .then_with(|| rank(left).cmp(&rank(right)))
        .then_with(|| left.metric.cmp(&right.metric))
}

const ORIENTATION: &str = "for orientation only";

/// The rule that judges this metric, or why none does.
fn judging_rule(
    id: &str,
    timing: Option<&Timing>,
    policy: &Policy,
) -> Result<(&'static Metric, MetricRule), String> {
    let Some(metric) = metric(id) else {
        return Err("this version of perfkit does not know this metric".to_owned());
    };
    if metric.direction == Direction::Neutral {
        return Err(ORIENTATION.to_owned());
    }
    let Some(rule) = rule_for(metric, Change::Grew) else {
        return Err("no rule judges this metric".to_owned());
    };
    if metric.noise == Noise::Noisy && timing.is_none() {
        return Err(TIMINGS.to_owned());
    }
    if policy.level(rule.row) == Level::Allow {
        return Err(format!("the policy switches `{}` off", rule.row.id));
    }
    Ok((metric, rule))
}

/// Both measurements, or why they cannot be compared.
fn comparable<'a>(
    metric: &Metric,
    pair: &Pair<'_>,
    (left, right): (Option<&'a Measurement>, Option<&'a Measurement>),
    court: Court<'_>,
) -> Result<(&'a Measurement, &'a Measurement), String> {
    let (base, head) = (court.base, court.head);
    // The head first: what is wrong with what somebody is working on matters more than an old baseline.
    for (case, measurement, side) in [(pair.head, right, head), (pair.base, left, base)] {
        if let Some(trouble) = trouble(metric, case) {
            return Err(if std::ptr::eq(side, head) {
                trouble
            } else {
                format!("in {}, {trouble}", side.name)
            });
        }
        if let Some(reason) = measurement.and_then(|measurement| measurement.not_judged.as_ref()) {
            return Err(reason.clone());
        }
    }
    let name = |side: &Side<'_>| format!("not measured in {}", side.name);
    let right = right.ok_or_else(|| name(head))?;
    let left = left.ok_or_else(|| name(base))?;
    match &court.environment.blocker {
        Some(reason) => Err(reason.clone()),
        None => Ok((left, right)),
    }
}

/// What went wrong with the pass that measures this metric.
fn trouble(metric: &Metric, case: &Case) -> Option<String> {
    let pass = lens(metric.lens)?.pass?;
    case.passes
        .iter()
        .filter(|record| record.pass == pass)
        .find_map(|record| failure(record.pass, &record.outcome))
}

/// A sentence for every pass that is not available, with the cases it is about, where no row says so. What was asked
/// for and is not there must not be passed over because nothing is there to compare it with either.
pub(crate) fn not_available(run: &Run, rows: &[Row]) -> Vec<String> {
    let mut cases: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in &run.cases {
        for record in &case.passes {
            if matches!(record.outcome, Outcome::NotAvailable { .. }) {
                let sentence = failure(record.pass, &record.outcome).unwrap_or_default();
                cases.entry(sentence).or_default().push(case);
            }
        }
    }
    let is_said = |sentence: &str| {
        rows.iter().any(
            |row| matches!(&row.judgement, Judgement::NotJudged { reason } if reason == sentence),
        )
    };
    cases
        .into_iter()
        .filter(|(sentence, _)| !is_said(sentence))
        .filter_map(|(sentence, cases)| {
            let (first, others) = cases.split_first()?;
            Some(match others.len() {
                0 => format!("`{}`: {sentence}", first.id),
                1 => format!("`{}` and 1 other case: {sentence}", first.id),
                count => format!("`{}` and {count} other cases: {sentence}", first.id),
            })
        })
        .collect()
}

/// A sentence about a pass that has no part.
pub(crate) fn failure(pass: Pass, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Measured => None,
        Outcome::NotAvailable { reason } => Some(format!(
            "the {} pass is not available: {reason}",
            pass.as_str()
        )),
        Outcome::Failed { message, .. } => {
            Some(format!("the {} pass failed: {message}", pass.as_str()))
        }
    }
}
