//! Costs that grow faster with the argument of a workload than they did.
//!
//! The exponents of both sides need not be looked at: where costs are powers, so is their ratio, and its exponent is the
//! difference. What both sides have in common, and is no power, falls out of the ratio.

use perfkit_model::comparison::{Finding, Growth, Judgement, Level, Row, Symptom};
use perfkit_model::metric::metric;
use perfkit_model::run::{CaseId, Measurement};

use crate::groups;
use crate::growth;
use crate::pairing::Pair;
use crate::policy::Policy;
use crate::policy::acceptance::Acceptance;
use crate::rules::{exponent_grew::RULE, iterations_differ, trade_off};

/// What is known of the ratio of head to base at one argument.
struct Ratio {
    case: CaseId,
    arg: f64,
    value: f64,
    low: f64,
    high: f64,
}

/// Makes one finding of those that say, at one argument each, that a cost grew, where it grows faster with the argument.
pub(crate) fn raise(
    findings: &mut Vec<Finding>,
    growths: &[Growth],
    rows: &[Row],
    pairs: &[Pair<'_>],
    policy: &Policy,
    acceptance: &Acceptance<'_>,
) {
    let level = policy.level(&RULE);
    if level == Level::Allow {
        return;
    }
    let mut raised: Vec<&CaseId> = Vec::new();
    for growth in growths {
        if raised.contains(&&growth.case) || growth.base.is_none() {
            continue;
        }
        let Some(largest) = worse_at(&ratios(growth, rows, pairs), policy) else {
            continue;
        };
        let Some(position) = findings.iter().position(|finding| {
            finding.case == largest && can_be_raised(finding) && is_about(finding, &growth.metric)
        }) else {
            continue;
        };
        if acceptance.of_case(RULE.id, &largest).is_some() {
            continue;
        }
        let has_items = |pair: &Pair<'_>| {
            without_argument(&pair.head.id) == growth.case && pair.head.units.items > 0
        };
        let lead = findings.remove(position);
        let (others, rest) = std::mem::take(findings)
            .into_iter()
            .partition(|finding| is_same_elsewhere(finding, &lead, growth));
        *findings = rest;
        let per = if pairs.iter().any(has_items) {
            " per item"
        } else {
            ""
        };
        findings.push(stand_for(lead, others, (growth, per), level));
        raised.push(&growth.case);
    }
}

/// The ratios of a metric at all arguments, the smallest first. None where one of them is not known.
fn ratios(growth: &Growth, rows: &[Row], pairs: &[Pair<'_>]) -> Vec<Ratio> {
    let of_family = pairs
        .iter()
        .filter(|pair| without_argument(&pair.head.id) == growth.case);
    let ratio = |pair: &Pair<'_>| {
        let row = rows
            .iter()
            .find(|row| row.case == pair.head.id && row.metric == growth.metric)?;
        let base = pair.base.measurements.get(&growth.metric)?;
        let head = pair.head.measurements.get(&growth.metric)?;
        let is_judged = !matches!(row.judgement, Judgement::NotJudged { .. });
        let (value, low, high) = match row.estimate {
            Some(estimate) => (
                1.0 + estimate.effect,
                1.0 + estimate.low,
                1.0 + estimate.high,
            ),
            None => {
                let (of_base, of_head) = (ends(base), ends(head));
                (
                    head.value / base.value,
                    of_head.0 / of_base.1,
                    of_head.1 / of_base.0,
                )
            }
        };
        let is_usable = [value, low, high]
            .iter()
            .all(|ratio| ratio.is_finite() && *ratio > 0.0);
        (is_judged && is_usable).then(|| Ratio {
            case: pair.head.id.clone(),
            arg: pair.head.id.arg.unwrap_or(1) as f64,
            value,
            low,
            high,
        })
    };
    let mut ratios: Vec<Ratio> = of_family
        .map(ratio)
        .collect::<Option<_>>()
        .unwrap_or_default();
    ratios.sort_by(|left, right| left.arg.total_cmp(&right.arg));
    // What is worse is said of the largest argument, so that has to be worse itself.
    let is_worse = |ratio: &Ratio| {
        rows.iter().any(|row| {
            row.case == ratio.case
                && row.metric == growth.metric
                && row.judgement == Judgement::Worse
        })
    };
    if ratios.last().is_some_and(is_worse) {
        ratios
    } else {
        Vec::new()
    }
}

/// The case with the largest argument, where the ratio grows beyond the limits.
fn worse_at(ratios: &[Ratio], policy: &Policy) -> Option<CaseId> {
    let (first, last) = (ratios.first()?, ratios.last()?);
    let limits = policy.limits(&RULE);
    let points: Vec<(f64, f64)> = ratios
        .iter()
        .map(|ratio| (ratio.arg.ln(), ratio.value.ln()))
        .collect();
    let exponent = growth::fit(&points)?;
    let is_worse = exponent.value >= limits.hard && last.low >= first.high * (1.0 + limits.soft);
    is_worse.then(|| last.case.clone())
}

/// The smallest and the largest sample.
fn ends(measurement: &Measurement) -> (f64, f64) {
    let samples = || measurement.samples.iter().copied();
    (
        samples().fold(measurement.value, f64::min),
        samples().fold(measurement.value, f64::max),
    )
}

fn without_argument(id: &CaseId) -> CaseId {
    CaseId {
        arg: None,
        ..id.clone()
    }
}

/// What was accepted, or paid for, is no worse growth.
fn can_be_raised(finding: &Finding) -> bool {
    finding.level > Level::Note
        && finding.rule != trade_off::RULE.id
        && finding.rule != iterations_differ::RULE.id
}

fn is_about(finding: &Finding, metric: &str) -> bool {
    let mut symptoms = finding.symptoms.iter();
    finding.metric == metric || symptoms.any(|symptom| symptom.metric == metric)
}

/// Whether this finding says of another argument what the lead says of the largest.
fn is_same_elsewhere(finding: &Finding, lead: &Finding, growth: &Growth) -> bool {
    without_argument(&finding.case) == growth.case
        && can_be_raised(finding)
        && (finding.metric == lead.metric || is_about(finding, &growth.metric))
        && groups::has_one_cause(finding, lead)
}

/// The finding at the largest argument, which speaks of all.
fn stand_for(
    lead: Finding,
    others: Vec<Finding>,
    (growth, per): (&Growth, &str),
    level: Level,
) -> Finding {
    let level = others
        .iter()
        .map(|other| other.level)
        .fold(level.max(lead.level), Level::max);
    let argument = |finding: &Finding| finding.case.arg.unwrap_or_default();
    let of_others = others.into_iter().map(|other| Symptom {
        message: format!("at {}: {}", argument(&other), other.message),
        rule: other.rule,
        level: other.level,
        metric: other.metric,
        base: other.base,
        head: other.head,
        causes: other.causes,
    });
    let message = format!(
        "{}; at {}: {}",
        sentence(growth, per),
        argument(&lead),
        lead.message
    );
    let symptoms = lead.symptoms.into_iter().chain(of_others).collect();
    Finding {
        rule: RULE.id.to_owned(),
        level,
        message,
        symptoms,
        ..lead
    }
}

/// `CPU time per item grows as n^0.35 with the argument (1 to 191), n^0.03 in the base`.
fn sentence(growth: &Growth, per: &str) -> String {
    let title = metric(&growth.metric).map_or(growth.metric.as_str(), |metric| metric.title);
    let (from, to) = growth.args;
    let base = growth.base.as_ref().map_or(0.0, |base| base.value);
    let head = growth.head.value;
    let verb = if title.ends_with('s') {
        "grow"
    } else {
        "grows"
    };
    format!(
        "{title}{per} {verb} as n^{head:.2} with the argument ({from} to {to}), n^{base:.2} in the base"
    )
}
