//! From rows that got worse to findings.

use std::cmp::Ordering;

use perfkit_model::comparison::{Estimate, Finding, Judgement, Level};
use perfkit_model::metric::{Cost, METRICS, Metric, Noise, metric};
use perfkit_model::run::Measurement;

use crate::Side;
use crate::causes::{self, Carrier};
use crate::environment::{EnvironmentDifference, Types};
use crate::gain::gain;
use crate::pairing::Pair;
use crate::policy::Policy;
use crate::policy::acceptance::Acceptance;
use crate::remedy::remedy;
use crate::rows::Judged;
use crate::rules::{Change, MetricRule, exponent_grew, rule_for};
use crate::sentence::{self, Numbers};

/// A finding before those of one cause are put together.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// Its message without the cause.
    pub(crate) fact: String,
}

/// What rules find in one row.
pub(crate) fn find(
    pair: &Pair<'_>,
    judged: &Judged,
    environment: &EnvironmentDifference,
    policy: &Policy,
    acceptance: &Acceptance<'_>,
) -> Vec<Found> {
    let row = &judged.row;
    let (Some(metric), Some(base), Some(head)) = (
        metric(&row.metric),
        pair.base.measurements.get(&row.metric),
        pair.head.measurements.get(&row.metric),
    ) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if let (Judgement::Worse, Some(rule)) = (&row.judgement, judged.rule) {
        let growth = head.value - base.value;
        let carriers = if metric.lens == "time" {
            causes::of_time(pair, (base.value, head.value), environment.types)
        } else {
            causes::causes(pair, metric.id, growth, environment.types)
        };
        let mut found = statement(
            rule,
            metric,
            (base, head),
            pair,
            carriers,
            environment.types,
            row.estimate,
        );
        found.finding.gain = Some(gain(metric, base.value, head.value, pair.head));
        findings.push(found);
    }
    if !matches!(row.judgement, Judgement::NotJudged { .. })
        && let Some(rule) = rule_for(metric, Change::TurnedInexact)
        && turned_inexact(pair, base, head, policy.limits(rule.row).hard)
    {
        findings.push(statement(
            rule,
            metric,
            (base, head),
            pair,
            Vec::new(),
            environment.types,
            None,
        ));
    }
    findings.retain_mut(|Found { finding, fact }| {
        let Some(rule) = crate::rules::rule(&finding.rule) else {
            return false;
        };
        finding.level = policy.level(rule);
        // A rule that is switched off says nothing; an acceptance keeps its finding in sight.
        if finding.level == Level::Allow {
            return false;
        }
        if let Some(accept) = acceptance.of_case(rule.id, &finding.case) {
            finding.level = Level::Allow;
            finding.message.push_str(&accept.note());
            fact.push_str(&accept.note());
        }
        true
    });
    findings
}

/// A remark where the head got worse and nobody can say why, because the base's stacks are gone.
pub(crate) fn missing_stacks(
    pair: &Pair<'_>,
    judged: &[Judged],
    base: &Side<'_>,
) -> Option<String> {
    let is_unexplained = judged.iter().any(|judged| {
        judged.row.judgement == Judgement::Worse
            && pair.head.stacks.column(&judged.row.metric).is_some()
            && !causes::have_stacks(pair, &judged.row.metric)
    });
    is_unexplained.then(|| {
        format!(
            "`{}` in {} has no stacks, so causes cannot be told",
            pair.base.id, base.name
        )
    })
}

/// Most important first: level, whether it grows faster with the argument, whether it grew by a multiple, what the metric costs, relative growth; then by
/// name, so that order repeats.
///
/// Growth by a multiple is the story and comes before a dearer metric that grew by a part: what copies ten
/// times the bytes usually also has a peak twice as high, and the copies are the place to look.
pub(crate) fn order(left: &Finding, right: &Finding) -> Ordering {
    let position = |finding: &Finding| METRICS.iter().position(|row| row.id == finding.metric);
    right
        .level
        .cmp(&left.level)
        .then_with(|| is_worse_growth(right).cmp(&is_worse_growth(left)))
        .then_with(|| multiple(right).cmp(&multiple(left)))
        .then_with(|| dearest(left).cmp(&dearest(right)))
        .then_with(|| relative(right).total_cmp(&relative(left)))
        .then_with(|| (right.head - right.base).total_cmp(&(left.head - left.base)))
        .then_with(|| left.case.cmp(&right.case))
        .then_with(|| position(left).cmp(&position(right)))
        .then_with(|| left.rule.cmp(&right.rule))
}

/// Whether it speaks of all arguments of a workload.
fn is_worse_growth(finding: &Finding) -> bool {
    finding.rule == exponent_grew::RULE.id
}

/// What the dearest of the metrics costs that it made worse.
fn dearest(finding: &Finding) -> Cost {
    let symptoms = finding.symptoms.iter().map(|symptom| &symptom.metric);
    symptoms
        .chain([&finding.metric])
        .filter_map(|id| metric(id))
        .map(|row| row.cost)
        .min()
        .unwrap_or(Cost::Count)
}

/// How far it grew: by a part, at least twofold, at least fourfold. Beyond that the metric's cost decides, and so
/// it does for counts: the bytes behind them say how much they matter.
fn multiple(finding: &Finding) -> u8 {
    let is_count = metric(&finding.metric).is_some_and(|row| row.cost == Cost::Count);
    match relative(finding) {
        _ if is_count => 0,
        growth if growth >= 3.0 => 2,
        growth if growth >= 1.0 => 1,
        _ => 0,
    }
}

/// Growth as a ratio; from nothing it is beyond all others.
fn relative(finding: &Finding) -> f64 {
    if finding.base == 0.0 && finding.head > 0.0 {
        f64::INFINITY
    } else if finding.base == 0.0 {
        0.0
    } else {
        (finding.head - finding.base) / finding.base.abs()
    }
}

fn statement(
    rule: MetricRule,
    metric: &Metric,
    (base, head): (&Measurement, &Measurement),
    pair: &Pair<'_>,
    carriers: Vec<Carrier>,
    types: Types,
    estimate: Option<Estimate>,
) -> Found {
    let numbers = Numbers {
        base: base.value,
        head: head.value,
        spread: head.spread(),
        estimate,
    };
    let fact = sentence::fact(rule.check.message, metric, numbers);
    let finding = Finding {
        rule: rule.row.id.to_owned(),
        level: rule.row.level,
        case: pair.head.id.clone(),
        metric: metric.id.to_owned(),
        base: base.value,
        head: head.value,
        message: sentence::message(&fact, metric, &carriers, &pair.head.enums),
        remedy: match rule.check.change {
            Change::Grew => remedy(metric, &carriers, pair, types),
            Change::TurnedInexact => None,
        },
        gain: None,
        causes: causes::kept(carriers),
        because: Vec::new(),
        symptoms: Vec::new(),
    };
    Found { finding, fact }
}

/// Whether a count stopped repeating. On a multi-threaded runtime counts depend on scheduling, so one that
/// once repeated there promised nothing.
fn turned_inexact(pair: &Pair<'_>, base: &Measurement, head: &Measurement, least: f64) -> bool {
    base.noise == Noise::Exact
        && head.noise != Noise::Exact
        && head.spread() >= least
        && !pair.head.id.runtime.starts_with("multi_thread")
}
