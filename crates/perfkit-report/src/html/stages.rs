//! What goes through each stage: a table, and a small drawing of each over time.

use perfkit_model::metric::Unit;
use perfkit_model::stage::{Slice, Stages};

use super::{breakable, escape};
use crate::digest::cases::CaseDigest;
use crate::digest::stages::{StageRow, TITLES, busiest, rows};
use crate::text;

/// Size of a drawing, in its own units.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 24.0;

/// Columns after the name that have something in some row.
type Shown = Vec<usize>;

pub(super) fn section(page: &mut String, case: &CaseDigest<'_>) {
    let rows = rows(case.case, case.base);
    let (Some(stages), false) = (&case.case.stages, rows.is_empty()) else {
        return;
    };
    let shown: Shown = (0..TITLES.len() - 1)
        .filter(|column| rows.iter().any(|row| !row.cells[*column].is_empty()))
        .collect();
    page.push_str("<h3>Stages <small>with a subscriber that watches every span</small></h3>\n");
    if let Some(sentence) = busiest(case.case) {
        page.push_str(&format!(
            "<p class=\"units\"><span>{}</span></p>\n",
            escape(&sentence)
        ));
    }
    page.push_str(&format!(
        "<div class=\"scroll\"><table class=\"ranking stages\"><thead><tr><th>{}</th>",
        TITLES[0]
    ));
    for column in &shown {
        page.push_str(&format!("<th class=\"n\">{}</th>", TITLES[column + 1]));
    }
    page.push_str(&format!(
        "<th>busy over {}</th></tr></thead>\n<tbody>\n",
        text::value(stages.seconds * 1e9, Unit::Nanoseconds)
    ));
    for row in &rows {
        line(page, row, &shown, stages);
    }
    page.push_str("</tbody></table></div>\n");
}

fn line(page: &mut String, row: &StageRow<'_>, shown: &Shown, stages: &Stages) {
    let stage = row.stage;
    let place = match stage.line {
        0 => String::new(),
        line => {
            let file = stage.file.rsplit('/').next().unwrap_or_default();
            format!(
                " <span class=\"at\" title=\"{}\">{}:{line}</span>",
                escape(&text::shortened(&stage.file, 120)),
                breakable(&text::shortened(file, 40))
            )
        }
    };
    page.push_str(&format!(
        "<tr><td style=\"padding-left:{:.1}rem\"><code>{}</code>{place}</td>",
        row.depth as f64 * 1.2 + 0.6,
        escape(&row.name)
    ));
    for column in shown {
        page.push_str(&format!(
            "<td class=\"n\">{}</td>",
            escape(&row.cells[*column])
        ));
    }
    page.push_str("<td>");
    drawing(page, &stage.over_time, stages.slice_seconds);
    page.push_str("</td></tr>\n");
}

/// The busy part of each slice, and what waited.
fn drawing(page: &mut String, slices: &[Slice], seconds: f64) {
    let length = seconds * 1e9;
    if slices.is_empty() || length <= 0.0 {
        return;
    }
    let most = slices
        .iter()
        .map(|slice| slice.busy / length)
        .fold(1.0, f64::max);
    let width = WIDTH / slices.len() as f64;
    let mut points = format!("0,{HEIGHT}");
    for (index, slice) in slices.iter().enumerate() {
        let y = HEIGHT - HEIGHT * (slice.busy / length / most).clamp(0.0, 1.0);
        let x = index as f64 * width;
        points.push_str(&format!(" {x:.1},{y:.1} {:.1},{y:.1}", x + width));
    }
    points.push_str(&format!(" {WIDTH},{HEIGHT}"));
    let pending = slices
        .iter()
        .map(|slice| slice.pending)
        .max()
        .unwrap_or_default();
    let words = format!(
        "{} of {} each, the busiest {}; at most {} waited",
        text::counted(slices.len(), "slice", "slices"),
        text::value(length, Unit::Nanoseconds),
        text::percent(
            slices
                .iter()
                .map(|slice| slice.busy / length)
                .fold(0.0, f64::max)
        ),
        pending
    );
    page.push_str(&format!(
        "<svg class=\"over-time\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{words}\"><title>{words}</title><polygon points=\"{points}\"/></svg>",
        words = escape(&words)
    ));
}
