//! Growth that bought something dearer.
//!
//! In real fixes metrics move in opposite directions: boxing a large future is one more allocation and half the time. What
//! grew is then no regression, and what shrank is named beside it. The other way round nothing is excused: fewer
//! allocations do not pay for memory that is never released.

use perfkit_model::comparison::{Judgement, Level};
use perfkit_model::metric::{Cost, METRICS, Metric, metric};
use perfkit_model::quantity::change;

use crate::finding::Found;
use crate::policy::Policy;
use crate::rows::Judged;
use crate::rules::{rule, trade_off};

/// Part by which a metric has to shrink to pay for anything. Linking anew gives and takes a percent or two of time.
const CLEARLY: f64 = 0.05;

/// Makes trade-offs of a case's findings, where something shrank clearly that is dearer than all that grew. What costs the
/// case its dearest metric is paid for by nothing.
pub(crate) fn weigh(found: &mut [Found], judged: &[Judged], policy: &Policy) {
    let level = policy.level(&trade_off::RULE);
    let worse = judged
        .iter()
        .filter(|judged| judged.row.judgement == Judgement::Worse);
    let Some(dearest) = worse
        .filter_map(|judged| metric(&judged.row.metric))
        .map(rank)
        .min()
    else {
        return;
    };
    let Some(gain) = judged.iter().find_map(|judged| gain(judged, dearest)) else {
        return;
    };
    for Found { finding, fact } in found {
        let is_pinned = rule(&finding.rule).is_none_or(|rule| policy.is_pinned(rule));
        if is_pinned || finding.level == Level::Allow || level == Level::Allow {
            continue;
        }
        finding.rule = trade_off::RULE.id.to_owned();
        finding.level = level;
        finding.message = format!("{gain}, and in return {}", finding.message);
        *fact = format!("{gain}, and in return {fact}");
    }
}

/// `CPU time changed by -12.0 %`, where this row got clearly better and costs more than what grew.
fn gain(judged: &Judged, grown: (Cost, usize)) -> Option<String> {
    let row = &judged.row;
    let (base, head) = (row.base?, row.head?);
    let metric = metric(&row.metric)?;
    let (base, head) = match row.estimate {
        Some(estimate) => (1.0, 1.0 + estimate.effect),
        None => (base, head),
    };
    let is_clear = base - head >= CLEARLY * base.abs();
    if row.judgement != Judgement::Better || !is_clear || rank(metric) >= grown {
        return None;
    }
    Some(format!(
        "{} changed by {}",
        metric.title,
        change(base, head)
    ))
}

/// What costs more comes first: by cost, and CPU time before the instructions it is made of.
fn rank(metric: &Metric) -> (Cost, usize) {
    let position = METRICS.iter().position(|row| row.id == metric.id);
    let within = match metric.cost {
        Cost::Time => position.unwrap_or(METRICS.len()),
        _ => 0,
    };
    (metric.cost, within)
}
