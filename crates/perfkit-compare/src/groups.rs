//! One finding for one cause: what the same place made worse is said together.
//!
//! A buffer that is cloned for every item allocates, copies, raises the peak and takes time. Those are symptoms of one
//! change, and a person wants to read of it once.

use std::collections::BTreeMap;

use perfkit_model::comparison::{Finding, Level, Symptom};
use perfkit_model::metric::{Cost, Unit, metric};

use crate::finding::{Found, order};
use crate::names::owner;
use crate::rules::iterations_differ;

/// Part of what two findings are caused by that has to be the same for them to have one cause.
const OVERLAP: f64 = 0.25;

/// Part by which two numbers of events may differ that are taken for the same events.
const NEARLY: f64 = 0.1;

/// Part of the growth in time that a count has to account for, to be called its cause.
const EXPLAINS: f64 = 0.15;

/// What one more of a metric costs at least, in nanoseconds: measured for small blocks and cached copies. Enough to tell
/// one allocation too many from the reason why everything takes a tenth longer.
const NANOSECONDS: [(&str, f64); 5] = [
    ("heap.allocs", 20.0),
    ("heap.reallocs", 40.0),
    ("memcpy.calls", 5.0),
    ("memcpy.bytes", 0.03),
    ("io.calls", 300.0),
];

/// The findings of one case, those of one cause put together.
pub(crate) fn gather(mut found: Vec<Found>) -> Vec<Finding> {
    found.sort_by(|left, right| order(&left.finding, &right.finding));
    say_once(&mut found);
    let (causeless, telling): (Vec<Found>, Vec<Found>) = found
        .into_iter()
        .partition(|found| found.finding.causes.is_empty());
    let mut groups: Vec<Vec<Found>> = Vec::new();
    for found in telling {
        let is_kin = |group: &&mut Vec<Found>| {
            group
                .iter()
                .any(|member| overlap(&member.finding, &found.finding) >= OVERLAP)
        };
        match groups.iter_mut().find(is_kin) {
            Some(group) => group.push(found),
            None => groups.push(vec![found]),
        }
    }
    // Without stacks of its own a metric goes with the only cause there is, or with what happened as often.
    let is_alone = groups.len() == 1;
    for found in causeless {
        let is_kin = |group: &&mut Vec<Found>| {
            let is_explained = group.iter().any(|member| !member.finding.causes.is_empty());
            let happens_with = |member: &Found| as_often(&member.finding, &found.finding);
            is_explained && (is_alone || group.iter().any(happens_with))
        };
        match groups.iter_mut().find(is_kin) {
            Some(group) if found.finding.level > Level::Allow => group.push(found),
            _ => groups.push(vec![found]),
        }
    }
    let mut findings: Vec<Finding> = groups.into_iter().filter_map(together).collect();
    findings.sort_by(order);
    findings
}

/// Where one count stopped repeating, others of the workload do too: the first says so for all.
fn say_once(found: &mut Vec<Found>) {
    let is_one = |found: &Found| found.finding.rule == iterations_differ::RULE.id;
    let others = found
        .iter()
        .filter(|found| is_one(found))
        .count()
        .saturating_sub(1);
    let mut seen = false;
    found.retain_mut(|found| {
        let is_again = is_one(found) && std::mem::replace(&mut seen, true);
        if is_one(found) && !is_again && others > 0 {
            let more = match others {
                1 => "; so does 1 other count".to_owned(),
                others => format!("; so do {others} other counts"),
            };
            found.finding.message.push_str(&more);
            found.fact.push_str(&more);
        }
        !is_again
    });
}

/// Whether two counts grew by nearly the same number of events, or two metrics of one lens grew.
fn as_often(left: &Finding, right: &Finding) -> bool {
    let is_count =
        |finding: &Finding| metric(&finding.metric).is_some_and(|row| row.unit == Unit::Count);
    let lens = |finding: &Finding| metric(&finding.metric).map(|row| row.lens);
    let (left_growth, right_growth) = (left.head - left.base, right.head - right.base);
    let is_near = (left_growth - right_growth).abs() <= NEARLY * left_growth.max(right_growth);
    lens(left) == lens(right) || (is_count(left) && is_count(right) && is_near)
}

/// Whether two findings have the same cause: their places overlap, or nobody knows any.
pub(crate) fn has_one_cause(left: &Finding, right: &Finding) -> bool {
    (left.causes.is_empty() && right.causes.is_empty()) || overlap(left, right) >= OVERLAP
}

/// How much of what causes one causes the other: the sum over places of the smaller share.
fn overlap(left: &Finding, right: &Finding) -> f64 {
    // What was accepted stays apart, as what was not accepted must not hide behind it.
    if (left.level == Level::Allow) != (right.level == Level::Allow) {
        return 0.0;
    }
    // Time is spent by functions; what is counted happens at lines, and one function may do two things wrong.
    let by_function = is_time(left) || is_time(right);
    let (left, right) = (shares(left, by_function), shares(right, by_function));
    left.iter()
        .filter_map(|(place, share)| Some(share.min(*right.get(place)?)))
        .sum()
}

/// Part of the growth that each place carries; all of them are 1. A place is a function, and a line of it.
fn shares(finding: &Finding, by_function: bool) -> BTreeMap<(&str, &str), f64> {
    let mut shares: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for cause in &finding.causes {
        let growth = (cause.head - cause.base).max(0.0);
        let line = if by_function { "" } else { &cause.location };
        *shares.entry((owner(&cause.function), line)).or_default() += growth;
    }
    let all: f64 = shares.values().sum();
    shares
        .values_mut()
        .for_each(|share| *share /= all.max(f64::MIN_POSITIVE));
    shares
}

/// One finding of a group: the one that explains leads, and the others are its symptoms.
fn together(group: Vec<Found>) -> Option<Finding> {
    let leader = leader(&group);
    let level = group.iter().map(|found| found.finding.level).max()?;
    let (mut lead, mut symptoms) = (None, Vec::new());
    for (index, Found { finding, fact }) in group.into_iter().enumerate() {
        if index == leader {
            lead = Some(finding);
            continue;
        }
        symptoms.push((
            finding.remedy,
            Symptom {
                rule: finding.rule,
                level: finding.level,
                metric: finding.metric,
                base: finding.base,
                head: finding.head,
                message: fact,
                causes: finding.causes,
            },
        ));
    }
    let lead = lead?;
    let remedy = symptoms.iter().find_map(|(remedy, _)| remedy.clone());
    Some(Finding {
        level,
        remedy: lead.remedy.or(remedy),
        symptoms: symptoms.into_iter().map(|(_, symptom)| symptom).collect(),
        ..lead
    })
}

/// Position of the finding that explains the others. Time says that something is wrong; what accounts for most of it says
/// what, if it accounts for a good part.
fn leader(group: &[Found]) -> usize {
    let findings = || group.iter().map(|found| &found.finding);
    let telling = |finding: &Finding| !is_time(finding) && !finding.causes.is_empty();
    // The peak is what comes of the others.
    let first_telling = findings()
        .position(|finding| telling(finding) && finding.metric != "heap.peak")
        .or_else(|| findings().position(telling))
        .unwrap_or(0);
    let Some(slower) = findings().find(|finding| finding.metric == "time.cpu") else {
        return first_telling;
    };
    let slower = slower.head - slower.base;
    let costs = findings().map(|finding| if telling(finding) { cost(finding) } else { 0.0 });
    // Of equal ones the first.
    let dearest = costs
        .enumerate()
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    match dearest {
        Some((index, cost)) if cost >= EXPLAINS * slower => index,
        _ => findings().position(is_time).unwrap_or(first_telling),
    }
}

/// Nanoseconds that what grew costs at least.
fn cost(finding: &Finding) -> f64 {
    let row = NANOSECONDS.iter().find(|(id, _)| *id == finding.metric);
    row.map_or(0.0, |(_, each)| each * (finding.head - finding.base))
}

fn is_time(finding: &Finding) -> bool {
    metric(&finding.metric).is_some_and(|row| row.cost == Cost::Time)
}
