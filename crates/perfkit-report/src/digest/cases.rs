//! Cases with everything a report says about them, base beside head.

use perfkit_model::comparison::{Finding, Judgement, Level, Row};
use perfkit_model::metric::{self, METRICS, Metric, Noise, Unit};
use perfkit_model::run::{Busy, Case, CaseId, Outcome, Run};

use crate::{View, text};

/// A thread that is busy for this part of the time has no more to give.
const LIMITING: f64 = 0.9;

/// One case of the run.
#[derive(Debug)]
pub(crate) struct CaseDigest<'a> {
    /// As measured.
    pub(crate) case: &'a Case,
    /// The case of the base run that it was compared with.
    pub(crate) base: Option<&'a Case>,
    /// One row per metric, in catalogue order.
    pub(crate) rows: Vec<TableRow<'a>>,
    /// Findings about it that policy did not switch off.
    pub(crate) findings: Vec<&'a Finding>,
}

/// One line of a case's metric table.
#[derive(Debug)]
pub(crate) struct TableRow<'a> {
    /// Row of the catalogue; `None` for a metric that this version does not know.
    pub(crate) metric: Option<&'static Metric>,
    /// Heading.
    pub(crate) title: String,
    /// Unit of both values.
    pub(crate) unit: Unit,
    /// Value of the base.
    pub(crate) base: Option<f64>,
    /// Value of the head.
    pub(crate) head: Option<f64>,
    /// Relative change as it was estimated from pairs of processes, which the two values need not show.
    pub(crate) effect: Option<f64>,
    /// What the comparison says; `None` where it says nothing.
    pub(crate) judgement: Option<&'a Judgement>,
    /// Why the value is not judged.
    pub(crate) reason: Option<&'a str>,
    /// Smallest growth that would have been called worse.
    pub(crate) smallest_effect: Option<f64>,
    /// What the iterations showed.
    pub(crate) noise: Option<Noise>,
}

/// A reason, and the titles of the metrics it holds for.
#[derive(Debug)]
pub(crate) struct Reason<'a> {
    /// The sentence, each once per report.
    pub(crate) reason: &'a str,
    /// How many rows of all cases it holds for.
    pub(crate) rows: usize,
    /// Titles of those rows' metrics, each once.
    pub(crate) metrics: Vec<String>,
}

/// Every case of the view's run, in its order.
pub(crate) fn cases<'a>(view: &View<'a>) -> Vec<CaseDigest<'a>> {
    let cases = view.run.cases.iter();
    cases
        .map(|case| {
            let rows: Vec<&Row> = view
                .comparison
                .rows
                .iter()
                .filter(|row| row.case == case.id)
                .collect();
            let base = view.base.and_then(|run| base_case(run, &case.id, &rows));
            // With nothing to compare with, the verdict has said so; a table that repeats it in every row hides
            // the values.
            let rows = if view.comparison.base.is_empty() {
                Vec::new()
            } else {
                rows
            };
            CaseDigest {
                case,
                base,
                rows: table(case, base, &rows),
                findings: findings(view).filter(|it| it.case == case.id).collect(),
            }
        })
        .collect()
}

/// Findings that policy did not switch off, most important first.
pub(crate) fn findings<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Finding> + use<'a> {
    let findings = view.comparison.findings.iter();
    findings.filter(|finding| finding.level > Level::Allow)
}

/// The case of the view's run with this id, and its base.
pub(crate) fn select<'a>(view: &View<'a>, id: &CaseId) -> Option<(&'a Case, Option<&'a Case>)> {
    let case = view.run.cases.iter().find(|case| case.id == *id)?;
    let rows: Vec<&Row> = view
        .comparison
        .rows
        .iter()
        .filter(|row| row.case == *id)
        .collect();
    Some((
        case,
        view.base.and_then(|run| base_case(run, &case.id, &rows)),
    ))
}

/// Reasons for not judging, each once, in the order they first appear.
pub(crate) fn reasons<'a>(cases: &[CaseDigest<'a>]) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for row in cases.iter().flat_map(|case| &case.rows) {
        let Some(reason) = row.reason else { continue };
        let index = match reasons.iter().position(|it| it.reason == reason) {
            Some(index) => index,
            None => {
                reasons.push(Reason {
                    reason,
                    rows: 0,
                    metrics: Vec::new(),
                });
                reasons.len() - 1
            }
        };
        let entry = &mut reasons[index];
        entry.rows += 1;
        if !entry.metrics.contains(&row.title) {
            entry.metrics.push(row.title.clone());
        }
    }
    reasons
}

/// The base's case for this one.
///
/// The comparison names only the head's case, so among several variants the one whose values the rows
/// quote is taken.
fn base_case<'a>(base: &'a Run, id: &CaseId, rows: &[&Row]) -> Option<&'a Case> {
    let quoted = |case: &Case| {
        let values = rows.iter().filter(|row| {
            row.base.is_some() && case.measurements.get(&row.metric).map(|it| it.value) == row.base
        });
        values.count()
    };
    let pairs = base.cases.iter().filter(|case| case.id.pairs_with(id));
    pairs.reduce(|best, next| {
        let rank = |case: &Case| (quoted(case), case.id == *id);
        if rank(next) > rank(best) { next } else { best }
    })
}

fn table<'a>(case: &'a Case, base: Option<&'a Case>, rows: &[&'a Row]) -> Vec<TableRow<'a>> {
    let mut ids: Vec<&str> = rows
        .iter()
        .map(|row| row.metric.as_str())
        .chain(case.measurements.keys().map(String::as_str))
        .collect();
    let place = |id: &str| METRICS.iter().position(|metric| metric.id == id);
    ids.sort_by_key(|id| (place(id).unwrap_or(usize::MAX), *id));
    ids.dedup();
    ids.into_iter()
        .map(|id| {
            let row = rows.iter().find(|row| row.metric == id);
            let measurement = case.measurements.get(id);
            let judgement = row.map(|row| &row.judgement);
            let reason = match judgement {
                Some(Judgement::NotJudged { reason }) => Some(reason.as_str()),
                Some(_) => None,
                None => measurement.and_then(|it| it.not_judged.as_deref()),
            };
            let metric = metric::metric(id);
            TableRow {
                metric,
                title: metric.map_or_else(|| text::name(id, 24), |metric| metric.title.to_owned()),
                unit: metric.map_or(Unit::Count, |metric| metric.unit),
                base: row.map_or_else(|| Some(base?.measurements.get(id)?.value), |row| row.base),
                head: row.map_or_else(|| measurement.map(|it| it.value), |row| row.head),
                effect: row.and_then(|row| Some(row.estimate?.effect)),
                judgement,
                reason,
                smallest_effect: row.and_then(|row| row.smallest_effect),
                noise: measurement.map(|it| it.noise),
            }
        })
        .collect()
}

impl CaseDigest<'_> {
    /// Whether everything judged is the same and nothing went wrong: such a case needs few words.
    pub(crate) fn is_quiet(&self) -> bool {
        let changed = |row: &TableRow<'_>| {
            matches!(row.judgement, Some(Judgement::Better | Judgement::Worse))
        };
        self.findings.is_empty()
            && self.judged(&Judgement::Same) > 0
            && !self.rows.iter().any(changed)
            && self
                .case
                .passes
                .iter()
                .all(|pass| !matches!(pass.outcome, Outcome::Failed { .. }))
    }

    /// Whether there is more to show of it than metrics.
    pub(crate) fn shows_otherwise(&self) -> bool {
        !self.case.load.is_empty() || self.case.stages.is_some()
    }

    /// How many rows have this judgement.
    pub(crate) fn judged(&self, judgement: &Judgement) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| row.judgement == Some(judgement)).count()
    }

    /// What one iteration does and how fast, in phrases: `64 items and 6.55 MB per iteration`.
    ///
    /// The rate is by wall time, as users of the program see it, and falls back to CPU time.
    pub(crate) fn throughput(&self) -> Vec<String> {
        let units = self.case.units;
        if (units.items, units.bytes) == (0, 0) {
            return Vec::new();
        }
        let (metric, word) = if self.case.measurements.contains_key("time.wall") {
            ("time.wall", "wall")
        } else {
            ("time.cpu", "CPU")
        };
        let amounts = |factor: f64, suffix: &str| {
            let items = units.items as f64 * factor;
            let noun = if items == 1.0 { "item" } else { "items" };
            let bytes = text::value(units.bytes as f64 * factor, Unit::Bytes);
            let items = format!("{} {noun}{suffix}", text::value(items, Unit::Count));
            match (units.items, units.bytes) {
                (_, 0) => items,
                (0, _) => format!("{bytes}{suffix}"),
                _ => format!("{items} and {bytes}{suffix}"),
            }
        };
        let rate = |case: &Case| {
            let nanoseconds = case.measurements.get(metric)?.value;
            (nanoseconds > 0.0).then(|| amounts(1e9 / nanoseconds, "/s"))
        };
        let mut phrases = vec![format!("{} per iteration", amounts(1.0, ""))];
        phrases.extend(rate(self.case).map(|rate| format!("{rate} by {word} time")));
        let base = self.base.and_then(rate);
        phrases.extend(base.map(|rate| format!("base {rate}")));
        phrases
    }

    /// How busy its processes were, and which one the others wait for.
    pub(crate) fn busy(&self) -> Vec<String> {
        processes(&self.case.busy)
    }

    /// The head's value per item, where items are declared.
    pub(crate) fn per_item(&self, row: &TableRow<'_>) -> Option<f64> {
        let items = self.case.units.items;
        let whole_pass = matches!(
            row.metric.map(|metric| metric.id),
            Some("os.peak-rss" | "cpu.samples")
        );
        (items > 0 && !whole_pass).then(|| row.head.map(|value| value / items as f64))?
    }
}

/// Phrases about processes: how busy each was, and which one the others wait for: `store 97 % busy, the limit`.
pub(crate) fn processes(busy: &[Busy]) -> Vec<String> {
    let longest = |it: &Busy| it.busiest_share;
    let most = busy.iter().map(longest).fold(0.0, f64::max);
    let phrase = |it: &Busy| {
        let thread = match it.threads {
            0 | 1 => String::new(),
            threads => format!(
                ", its thread {} {} of {threads}",
                text::name(&it.busiest, 24),
                text::percent(it.busiest_share)
            ),
        };
        let limit = if it.busiest_share == most && most >= LIMITING {
            ", the limit"
        } else {
            ""
        };
        let process = text::name(&it.process, 40);
        format!("{process} {} busy{thread}{limit}", text::percent(it.share))
    };
    busy.iter().map(phrase).collect()
}

impl TableRow<'_> {
    /// `+3.1 %`: how far the head is from the base.
    pub(crate) fn change(&self) -> String {
        match self.effect {
            Some(effect) => text::change(Some(1.0), Some(1.0 + effect)),
            None => text::change(self.base, self.head),
        }
    }

    /// `from +2.5 %`: the smallest growth this row would have called worse.
    pub(crate) fn sees(&self) -> String {
        match (self.smallest_effect, self.base) {
            (Some(effect), Some(base)) if effect.is_finite() && base > 0.0 => {
                format!("+{}", text::percent(effect / base))
            }
            (Some(effect), _) => format!("+{}", text::value(effect, self.unit)),
            (None, _) => String::new(),
        }
    }
}
