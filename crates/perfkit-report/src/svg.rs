//! Standalone flamegraphs: one metric of one case, and base against head.
//!
//! Drawn by inferno, with its own search and zoom script inside. For a page with a content security
//! policy use the `html` format, which draws by itself.

use std::io::Write;

use inferno::flamegraph::color::{MultiPalette, Palette};
use inferno::flamegraph::{self, Direction, Options};
use perfkit_model::metric::{self, Unit};
use perfkit_model::run::Case;

use crate::digest::cases;
use crate::digest::scale::scale;
use crate::{RenderError, Selection, View, folded, text};

/// Draws the stacks of one metric. Weights are summed over all iterations, so they are exact.
///
/// # Errors
///
/// When inferno fails or the writer refuses.
pub fn render(
    view: &View<'_>,
    selection: &Selection<'_>,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let (lines, iterations) = cases::select(view, selection.case)
        .and_then(|(case, _)| {
            let column = case.stacks.column(selection.metric)?;
            let lines = folded::lines(&case.stacks, column, |weight| weight);
            Some((lines, column.iterations))
        })
        .unwrap_or_default();
    let title = format!("{}: {}", selection.case, title(selection.metric));
    let unit = match metric::metric(selection.metric) {
        Some(metric) if metric.unit == Unit::Bytes => "bytes",
        Some(metric) if metric.unit == Unit::Nanoseconds => "ns",
        Some(metric) if metric.id == "cpu.samples" => "samples",
        _ => "events",
    };
    let count_name = match iterations {
        0 | 1 => unit.to_owned(),
        iterations => format!("{unit} in {iterations} iterations"),
    };
    draw(selection, &lines, &title, &count_name, writer)
}

/// Draws the head's stacks coloured by how they differ from the base: red grew, blue shrank.
///
/// Both sides are per iteration. CPU samples are shares of each side's CPU time, because how many samples
/// a machine delivers says nothing.
///
/// # Errors
///
/// When inferno fails or the writer refuses.
pub fn render_difference(
    view: &View<'_>,
    selection: &Selection<'_>,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let Some((head, Some(base))) = cases::select(view, selection.case) else {
        return draw(selection, "", "no base to compare with", "", writer);
    };
    let (precision, count_name) = precision(head, base, selection.metric);
    let side = |case: &Case| {
        case.stacks
            .column(selection.metric)
            .map(|column| {
                let scale = scale(case, column);
                let scaled =
                    |weight: u64| (weight as f64 * scale.factor * precision).round() as u64;
                folded::lines(&case.stacks, column, scaled)
            })
            .unwrap_or_default()
    };
    let mut lines = Vec::new();
    inferno::differential::from_readers(
        inferno::differential::Options::default(),
        side(base).as_bytes(),
        side(head).as_bytes(),
        &mut lines,
    )
    .map_err(|source| error(selection, source))?;
    let title = format!(
        "{}: {}, base against head",
        selection.case,
        title(selection.metric)
    );
    draw(
        selection,
        &String::from_utf8_lossy(&lines),
        &title,
        &count_name,
        writer,
    )
}

/// How many steps one unit is drawn in, and what a step is called. Inferno counts in whole steps, and a
/// stack that is hit once in a hundred iterations must not round to nothing.
fn precision(head: &Case, base: &Case, metric: &str) -> (f64, String) {
    let sides = [head, base];
    let scales = || {
        let columns = sides.iter().filter_map(|case| {
            let column = case.stacks.column(metric)?;
            Some((scale(case, column), column.total()))
        });
        columns.collect::<Vec<_>>()
    };
    let scales = scales();
    let unit = match scales
        .first()
        .map(|(scale, _)| (scale.unit, scale.is_sampled))
    {
        Some((Unit::Nanoseconds, _)) => "ns",
        Some((Unit::Bytes, _)) => "bytes",
        Some((Unit::Count, true)) => "thousandths",
        _ => "events",
    };
    let largest = scales
        .iter()
        .map(|(scale, total)| *total as f64 * scale.factor)
        .fold(0.0, f64::max);
    if largest < 100_000.0 {
        (1000.0, format!("{unit} per 1,000 iterations"))
    } else {
        (1.0, format!("{unit} per iteration"))
    }
}

fn title(id: &str) -> String {
    metric::metric(id).map_or_else(|| text::name(id, 40), |metric| metric.title.to_owned())
}

fn error(selection: &Selection<'_>, source: std::io::Error) -> RenderError {
    RenderError::Draw {
        metric: selection.metric.to_owned(),
        source,
    }
}

fn draw(
    selection: &Selection<'_>,
    lines: &str,
    title: &str,
    count_name: &str,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let title = text::name(title, 120);
    // In lines with two counts the last is the head's; without any, inferno has no width to draw.
    if lines.lines().all(|line| line.ends_with(" 0")) {
        // Inferno calls an empty input an error; an empty drawing that says so is an answer.
        let sentence = format!("{title}: there are no stacks to draw");
        let sentence = crate::html::escape(&sentence);
        writeln!(
            writer,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"60\">\
             <text x=\"10\" y=\"35\" font-family=\"sans-serif\" font-size=\"14\">{sentence}</text></svg>"
        )?;
        return Ok(());
    }
    let mut options = Options::default();
    options.title = title;
    options.count_name = count_name.to_owned();
    options.name_type = "Function:".to_owned();
    options.direction = Direction::Inverted;
    options.colors = Palette::Multi(MultiPalette::Rust);
    options.deterministic = true;
    options.min_width = 0.05;
    // Rendered into memory first: a failed drawing must not leave half a file behind.
    let mut drawing = Vec::new();
    flamegraph::from_reader(&mut options, lines.as_bytes(), &mut drawing)
        .map_err(|source| error(selection, source))?;
    writer.write_all(&drawing)?;
    Ok(())
}
