//! Values over time: one small drawing per case and metric, without script.

use perfkit_model::history::{Entry, History, Step};
use perfkit_model::metric::{self, Direction};

use super::{escape, name};
use crate::digest::cases::{CaseDigest, cases};
use crate::digest::trend::{MetricTrend, amount, change, day, revision, scale, trends};
use crate::{View, text};

/// Newest entries that are drawn.
const MOST_ENTRIES: usize = 100;
/// Size of a drawing, in its own units.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 70.0;
/// Room for the marks at the edges.
const MARGIN: f64 = 5.0;

pub(super) fn section(page: &mut String, view: &View<'_>) {
    let Some(trend) = view.trend else {
        return;
    };
    let history = trend.history;
    let cases: Vec<(CaseDigest<'_>, Vec<MetricTrend<'_>>)> = cases(view)
        .into_iter()
        .map(|case| {
            let trends = trends(view, &case);
            (case, trends)
        })
        .filter(|(_, trends)| !trends.is_empty())
        .collect();
    let (Some(first), Some(last)) = (history.entries.first(), history.entries.last()) else {
        return;
    };
    if cases.is_empty() {
        return;
    }
    page.push_str(&format!(
        "<section class=\"trend\" id=\"trend\">\n<h2>Trend</h2>\n<p class=\"note\">{} of the branch, from {} to {}. A mark \
         is where a value changed and stayed; a ring is this run. Steps are never judged: <code>cargo perfkit history \
         steps</code> lists them.</p>\n",
        text::counted(history.entries.len(), "entry", "entries"),
        moment(first),
        moment(last),
    ));
    for (case, trends) in &cases {
        page.push_str(&format!(
            "<h3>{}</h3>\n<div class=\"charts\">\n",
            name(&case.case.id.to_string(), 120)
        ));
        for trend in trends {
            chart(page, history, trend);
        }
        page.push_str("</div>\n");
    }
    page.push_str("</section>\n");
}

fn chart(page: &mut String, history: &History, trend: &MetricTrend<'_>) {
    let oldest = history.entries.len().saturating_sub(MOST_ENTRIES);
    let points = trend.series.points.iter();
    let points: Vec<_> = points.filter(|point| point.entry >= oldest).collect();
    let Some(newest) = points.last() else {
        return;
    };
    let values = points.iter().map(|point| point.value).chain(trend.now);
    let height = scale(values);
    // Places are those of entries, so that the drawings of a case are in step. This run comes after all of them.
    let places = (history.entries.len() - oldest) as f64;
    let x = |entry: usize| {
        MARGIN + (WIDTH - 2.0 * MARGIN) * (entry.saturating_sub(oldest)) as f64 / places.max(1.0)
    };
    let y = |value: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * height(value);

    let shown = amount(trend.now.unwrap_or(newest.value), trend.unit);
    let steps = text::counted(trend.steps.len(), "step", "steps");
    page.push_str(&format!(
        "<figure class=\"chart\"><figcaption><span>{title}</span><b>{}</b></figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" aria-label=\"{title}, {} with a value, {steps}\">\n",
        escape(&shown),
        text::counted(points.len(), "entry", "entries"),
        title = escape(&trend.title),
    ));
    let drawn = |step: &&&Step| step.entry >= oldest;
    for step in trend.steps.iter().filter(drawn) {
        page.push_str(&format!(
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\"/>",
            x = x(step.entry)
        ));
    }
    let line: Vec<String> = points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x(point.entry), y(point.value)))
        .collect();
    page.push_str(&format!("<polyline points=\"{}\"/>\n", line.join(" ")));
    for point in &points {
        let step = trend.steps.iter().find(|step| step.entry == point.entry);
        let (class, radius) = match step {
            Some(step) => (direction(step), 3.6),
            None => ("", 1.8),
        };
        let words = step.map_or_else(String::new, |step| format!(": {}", change(step)));
        page.push_str(&format!(
            "<circle{class} cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\"><title>{} {}{}</title></circle>",
            x(point.entry),
            y(point.value),
            moment(&history.entries[point.entry]),
            escape(&amount(point.value, trend.unit)),
            escape(&words),
        ));
    }
    if let Some(now) = trend.now {
        page.push_str(&format!(
            "<circle class=\"now\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.2\"><title>this run {}</title></circle>",
            WIDTH - MARGIN,
            y(now),
            escape(&amount(now, trend.unit))
        ));
    }
    page.push_str("</svg>\n");
    words(page, trend);
    page.push_str("</figure>\n");
}

/// The steps in words, newest first, for who cannot see or point at the marks.
fn words(page: &mut String, trend: &MetricTrend<'_>) {
    /// More than this a chart has no room for.
    const MOST: usize = 3;
    if trend.steps.is_empty() && trend.series.elsewhere == 0 {
        return;
    }
    page.push_str("<ul>");
    for step in trend.steps.iter().rev().take(MOST) {
        let also = step
            .also
            .iter()
            .map(|also| format!("; also {}", name(also, 120)));
        page.push_str(&format!(
            "<li>{} in <code>{}</code> ({}){}</li>",
            escape(&change(step)),
            escape(&revision(&step.revision)),
            escape(&day(&step.time)),
            also.collect::<String>(),
        ));
    }
    if trend.steps.len() > MOST {
        page.push_str(&format!(
            "<li>and {} earlier</li>",
            trend.steps.len() - MOST
        ));
    }
    if trend.series.elsewhere > 0 {
        page.push_str(&format!(
            "<li>without {} of other processors</li>",
            text::counted(trend.series.elsewhere, "entry", "entries")
        ));
    }
    page.push_str("</ul>\n");
}

fn moment(entry: &Entry) -> String {
    let words = format!("{} ({})", revision(&entry.revision), day(&entry.time));
    escape(&words)
}

/// Which way a step goes; red and green only where less is better.
fn direction(step: &Step) -> &'static str {
    let is_better_lower = metric::metric(&step.metric)
        .is_some_and(|metric| metric.direction == Direction::LowerIsBetter);
    match (is_better_lower, step.after > step.before) {
        (true, true) => " class=\"up\"",
        (true, false) => " class=\"down\"",
        (false, _) => " class=\"step\"",
    }
}
