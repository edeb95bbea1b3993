//! The history of a branch, for `cargo perfkit history`: sparklines, values and steps.

use std::io::Write;

use perfkit_model::history::{History, Point, Series, Step};
use perfkit_model::metric::{Unit, metric};
use perfkit_model::run::CaseId;
use serde::Serialize;

use crate::digest::trend::{amount, change, day, revision, scale, title, unit, whole};
use crate::terminal::Options;
use crate::terminal::layout::{Cell, Page, Tone};
use crate::{RenderError, json, text};

/// Heights of a sparkline, lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Stands where an entry has no value.
const NO_VALUE: char = '·';
/// Columns beside a sparkline.
const BESIDE: usize = 64;
/// Entries of a table of values.
const MOST_ROWS: usize = 50;

/// What is shown of a history.
#[derive(Debug, Clone, Copy)]
pub struct HistoryView<'a> {
    /// Target triple.
    pub target: &'a str,
    /// All entries.
    pub history: &'a History,
    /// Series of it that were asked for, those of one case together.
    pub series: &'a [Series],
    /// Their steps, in any order.
    pub steps: &'a [Step],
}

/// Writes a sparkline and the steps of every series; of a single series all values, too.
///
/// # Errors
///
/// When the writer refuses.
pub fn show(
    view: &HistoryView<'_>,
    options: &Options,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let mut page = Page::new(options);
    let entries = &view.history.entries;
    if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
        let count = text::counted(entries.len(), "entry", "entries");
        page.labelled(
            "",
            0,
            &format!(
                "{count} for {}, from {} ({}) to {} ({})",
                text::name(view.target, 60),
                revision(&first.revision),
                day(&first.time),
                revision(&last.revision),
                day(&last.time)
            ),
        );
    }
    for of_case in view.series.chunk_by(|left, right| left.case == right.case) {
        page.gap();
        let name = text::name(&of_case[0].case.to_string(), 80);
        let name = page.paint(Tone::Strong, &name);
        page.line(&name);
        let width = page.width.saturating_sub(BESIDE).clamp(10, 80);
        let rows: Vec<Vec<Cell>> = of_case
            .iter()
            .map(|series| row(series, entries.len(), width))
            .collect();
        page.table(2, &[1, 3], &rows);
        for series in of_case {
            steps_of(&mut page, view, series);
        }
    }
    if let [series] = view.series {
        values(&mut page, view, series);
    }
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}

/// Writes the steps, newest first, each with what to look at.
///
/// # Errors
///
/// When the writer refuses.
pub fn steps(
    view: &HistoryView<'_>,
    options: &Options,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let mut page = Page::new(options);
    let mut steps: Vec<&Step> = view.steps.iter().collect();
    // Stable, so that those of one entry keep the order of cases and metrics.
    steps.sort_by_key(|step| std::cmp::Reverse(step.entry));
    for of_entry in steps.chunk_by(|left, right| left.entry == right.entry) {
        page.gap();
        let first = of_entry[0];
        let heading = format!("{} ({})", revision(&first.revision), day(&first.time));
        let heading = page.paint(Tone::Strong, &heading);
        page.line(&heading);
        for step in of_entry {
            let case = text::name(&step.case.to_string(), 60);
            page.labelled("", 2, &format!("{case}: {}{}", change(step), also(step)));
        }
        let mut previous: Vec<&str> = of_entry.iter().map(|step| step.previous.as_str()).collect();
        previous.sort_unstable();
        previous.dedup();
        for previous in previous {
            page.labelled("", 2, &range(previous, &first.revision));
        }
    }
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    target: &'a str,
    entries: Vec<DocumentEntry<'a>>,
    series: Vec<DocumentSeries<'a>>,
}

#[derive(Serialize)]
struct DocumentEntry<'a> {
    revision: &'a str,
    time: &'a str,
    rustc: &'a str,
    processor: &'a str,
}

#[derive(Serialize)]
struct DocumentSeries<'a> {
    case: &'a CaseId,
    metric: &'a str,
    unit: Option<Unit>,
    values: Vec<Option<f64>>,
    steps: Vec<&'a Step>,
}

/// Writes pretty JSON: the entries, and for every series one value or `null` per entry and its steps.
///
/// # Errors
///
/// When the data has no JSON form or the writer refuses.
pub fn json(view: &HistoryView<'_>, writer: &mut impl Write) -> Result<(), RenderError> {
    let entries = view.history.entries.iter();
    let series = view.series.iter().map(|series| {
        let mut values = vec![None; view.history.entries.len()];
        for point in &series.points {
            values[point.entry] = Some(point.value);
        }
        DocumentSeries {
            case: &series.case,
            metric: &series.metric,
            unit: metric(&series.metric).map(|metric| metric.unit),
            values,
            steps: of(view, series),
        }
    });
    let document = Document {
        target: view.target,
        entries: entries
            .map(|entry| DocumentEntry {
                revision: &entry.revision,
                time: &entry.time,
                rustc: &entry.rustc,
                processor: &entry.processor,
            })
            .collect(),
        series: series.collect(),
    };
    let json = serde_json::to_string_pretty(&document)?;
    let safe = json::escaped(&json, |character| {
        character != '\n' && text::misleads(character)
    });
    writer.write_all(safe.as_bytes())?;
    writer.write_all(b"\n")?;
    Ok(())
}

/// Title, sparkline, newest value and range of a series.
fn row(series: &Series, entries: usize, width: usize) -> Vec<Cell> {
    let unit = unit(&series.metric);
    let values = series.points.iter().map(|point| point.value);
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(f64::NEG_INFINITY, f64::max);
    let newest = series.points.last();
    let range = if least == most {
        "always".to_owned()
    } else {
        format!("from {} to {}", amount(least, unit), amount(most, unit))
    };
    vec![
        Cell::new(title(&series.metric)),
        Cell::new(sparkline(series, entries, width)),
        Cell::new(newest.map_or_else(String::new, |point| amount(point.value, unit))),
        Cell::toned(range, Tone::Faint),
    ]
}

/// One block for each of the newest entries.
fn sparkline(series: &Series, entries: usize, width: usize) -> String {
    let oldest = entries.saturating_sub(width);
    let points = series.points.iter().filter(|point| point.entry >= oldest);
    let height = scale(points.clone().map(|point| point.value));
    let mut line = vec![NO_VALUE; entries - oldest];
    for point in points {
        let step = (height(point.value) * (BLOCKS.len() - 1) as f64).round();
        line[point.entry - oldest] = BLOCKS[step as usize];
    }
    line.into_iter().collect()
}

fn steps_of(page: &mut Page, view: &HistoryView<'_>, series: &Series) {
    for step in of(view, series) {
        let at = format!("in {} ({})", revision(&step.revision), day(&step.time));
        page.labelled("  step", 8, &format!("{} {at}{}", change(step), also(step)));
        page.labelled("", 8, &range(&step.previous, &step.revision));
    }
    if series.elsewhere > 0 {
        let left_out = text::counted(series.elsewhere, "entry", "entries");
        page.labelled(
            "",
            8,
            &format!(
                "{}: without {left_out} of other processors, whose times compare with nothing here",
                title(&series.metric)
            ),
        );
    }
}

/// The newest values, one line each.
fn values(page: &mut Page, view: &HistoryView<'_>, series: &Series) {
    page.gap();
    let left_out = series.points.len().saturating_sub(MOST_ROWS);
    let steps = of(view, series);
    let rows: Vec<Vec<Cell>> = series.points[left_out..]
        .iter()
        .map(|point| {
            let entry = &view.history.entries[point.entry];
            let is_step = steps.iter().any(|step| step.entry == point.entry);
            let mark = if is_step { "← step" } else { "" };
            vec![
                Cell::new(revision(&entry.revision)),
                Cell::new(day(&entry.time)),
                Cell::new(exactly(point, unit(&series.metric))),
                Cell::new(mark),
            ]
        })
        .collect();
    page.table(2, &[3], &rows);
    if left_out > 0 {
        page.labelled("", 2, &format!("and {left_out} older"));
    }
}

/// An exact value to its last digit, any other with its prefix.
fn exactly(point: &Point, unit: Unit) -> String {
    let exact = whole(point.value, unit).filter(|_| point.exact);
    exact.unwrap_or_else(|| amount(point.value, unit))
}

/// Steps of a series, oldest first.
fn of<'a>(view: &HistoryView<'a>, series: &Series) -> Vec<&'a Step> {
    let steps = view.steps.iter();
    let mut steps: Vec<&Step> = steps
        .filter(|step| step.case == series.case && step.metric == series.metric)
        .collect();
    steps.sort_by_key(|step| step.entry);
    steps
}

/// What else changed with a step.
fn also(step: &Step) -> String {
    let also = step.also.iter();
    also.map(|also| format!("; there also {}", text::name(also, 120)))
        .collect()
}

/// The commits to look at, where both revisions are such.
fn range(previous: &str, revision: &str) -> String {
    let is_commit = |words: &str| {
        (7..=64).contains(&words.len()) && words.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if is_commit(previous) && is_commit(revision) {
        format!("`git log {previous}..{revision}`")
    } else {
        format!(
            "the entry before is {}",
            crate::digest::trend::revision(previous)
        )
    }
}
