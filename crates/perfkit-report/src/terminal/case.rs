//! One case as text: numbers, the time bar, moved types and allocation sites.

use perfkit_model::category::Category;
use perfkit_model::comparison::Judgement;
use perfkit_model::metric::Unit;
use perfkit_model::quantity::grouped;

use super::layout::{Cell, Page, Tone, wrapped};
use crate::digest::cases::{CaseDigest, Reason, TableRow};
use crate::digest::load::{self, load};
use crate::digest::parts::parts;
use crate::digest::sites::sites;
use crate::digest::stages;
use crate::digest::types::moves;
use crate::text;

/// Types and sites shown; the rest is in the HTML report.
const TOP: usize = 5;
/// What fits of the table of stages; the HTML report has all columns.
const STAGE_COLUMNS: [usize; 8] = [0, 2, 3, 4, 6, 7, 8, 9];
/// The one of the base.
const BASE_COLUMN: usize = 4;
/// One fill per part of the bar, so that it reads without colour. What is unknown is always `?`.
const FILLS: [char; 10] = ['█', '▒', '▓', '░', '=', '-', ':', '+', '.', '~'];

/// A case in which nothing moved: a few lines.
pub(super) fn quiet(page: &mut Page, case: &CaseDigest<'_>) {
    heading(page, case);
    let same = case.judged(&Judgement::Same);
    let reasons = case.rows.iter().filter(|row| row.reason.is_some()).count();
    let mut words = vec![format!(
        "no change in {}",
        text::counted(same, "metric", "metrics")
    )];
    if reasons > 0 {
        words.push(format!("{reasons} not judged"));
    }
    for id in ["time.cpu", "heap.bytes", "memcpy.bytes", "io.bytes"] {
        let row = case
            .rows
            .iter()
            .find(|row| row.metric.is_some_and(|metric| metric.id == id));
        if let Some(row) = row {
            words.push(format!(
                "{} {}",
                row.title,
                text::optional(row.head, row.unit)
            ));
        }
    }
    page.labelled("", 2, &words.join(" · "));
    under_load(page, case);
    by_stage(page, case);
    time_bar(page, case);
}

/// A case with changes: everything that fits a screen.
pub(super) fn changed(page: &mut Page, case: &CaseDigest<'_>, reasons: &[Reason<'_>]) {
    heading(page, case);
    metrics(page, case, reasons);
    under_load(page, case);
    by_stage(page, case);
    time_bar(page, case);
    moved_types(page, case);
    allocation_sites(page, case);
}

fn heading(page: &mut Page, case: &CaseDigest<'_>) {
    page.gap();
    let title = text::name(&case.case.id.to_string(), 80);
    let title = page.paint(Tone::Strong, &title);
    page.line(&title);
    let throughput = case.throughput();
    if !throughput.is_empty() {
        page.labelled("", 2, &throughput.join(" · "));
    }
    let busy = case.busy();
    if !busy.is_empty() {
        page.labelled("", 2, &format!("processes: {}", busy.join(" · ")));
    }
}

/// Latencies at every rate.
fn under_load(page: &mut Page, case: &CaseDigest<'_>) {
    let Some(of_head) = load(case.case) else {
        return;
    };
    let base = case.base.and_then(load);
    for (label, load) in base
        .iter()
        .map(|base| ("base, ", base))
        .chain([("", &of_head)])
    {
        page.labelled(
            "",
            2,
            &format!("{label}under load: {}", load.phrases().join(" · ")),
        );
    }
    let mut rows = vec![
        load::TITLES
            .map(|title| Cell::toned(title, Tone::Faint))
            .to_vec(),
    ];
    rows.extend(of_head.rows().into_iter().enumerate().map(|(index, row)| {
        let tone = match of_head.knee {
            Some(knee) if knee == index => Some(Tone::Strong),
            Some(knee) if knee < index => Some(Tone::Bad),
            _ => None,
        };
        row.map(|text| Cell { text, tone }).to_vec()
    }));
    page.table(4, &[7], &rows);
}

/// What went through each stage.
fn by_stage(page: &mut Page, case: &CaseDigest<'_>) {
    let stages = stages::rows(case.case, case.base);
    if stages.is_empty() {
        return;
    }
    if let Some(sentence) = stages::busiest(case.case) {
        page.labelled("", 2, &format!("stages: {sentence}"));
    }
    let has_base = stages.iter().any(|row| !row.cells[BASE_COLUMN].is_empty());
    let columns = STAGE_COLUMNS
        .into_iter()
        .filter(|column| has_base || *column != BASE_COLUMN);
    let titles = columns.clone().map(|column| stages::TITLES[column + 1]);
    let titles = std::iter::once(stages::TITLES[0]).chain(titles);
    let mut rows: Vec<Vec<Cell>> = vec![
        titles
            .map(|title| Cell::toned(title, Tone::Faint))
            .collect(),
    ];
    rows.extend(stages.iter().map(|row| {
        let name = format!("{}{}", "  ".repeat(row.depth), row.name);
        let cells = columns.clone().map(|column| row.cells[column].clone());
        std::iter::once(name).chain(cells).map(Cell::new).collect()
    }));
    page.table(4, &[0], &rows);
}

fn metrics(page: &mut Page, case: &CaseDigest<'_>, reasons: &[Reason<'_>]) {
    if case.rows.is_empty() && case.shows_otherwise() {
        return;
    }
    if case.rows.is_empty() {
        page.labelled("", 2, "no metric was measured");
        return;
    }
    let titles = [
        "metric",
        "base",
        "head",
        "change",
        "judgement",
        "sees from",
        "per item",
    ];
    let has_base = case.rows.iter().any(|row| row.base.is_some());
    let mut rows = vec![titles.map(|title| Cell::toned(title, Tone::Faint)).to_vec()];
    rows.extend(case.rows.iter().map(|row| {
        let (word, tone) = judgement(row, reasons);
        let change = row.change();
        vec![
            Cell::new(row.title.clone()),
            Cell::new(if has_base {
                text::optional(row.base, row.unit)
            } else {
                String::new()
            }),
            Cell::new(text::optional(row.head, row.unit)),
            Cell { text: change, tone },
            Cell { text: word, tone },
            Cell::toned(row.sees(), Tone::Faint),
            Cell::new(
                case.per_item(row)
                    .map(|value| text::value(value, row.unit))
                    .unwrap_or_default(),
            ),
        ]
    }));
    // A column without a value under its title is noise.
    for column in 0..titles.len() {
        if rows.iter().skip(1).all(|row| row[column].text.is_empty()) {
            rows[0][column].text.clear();
        }
    }
    page.table(2, &[4], &rows);
}

fn judgement(row: &TableRow<'_>, reasons: &[Reason<'_>]) -> (String, Option<Tone>) {
    let number = row
        .reason
        .and_then(|reason| reasons.iter().position(|it| it.reason == reason))
        .map(|index| format!(" [{}]", index + 1))
        .unwrap_or_default();
    let Some(judgement) = row.judgement else {
        return (
            if number.is_empty() {
                String::new()
            } else {
                format!("? not judged{number}")
            },
            None,
        );
    };
    let (mark, word) = text::judgement(judgement);
    let tone = match judgement {
        Judgement::Same => None,
        Judgement::Better => Some(Tone::Good),
        Judgement::Worse => Some(Tone::Bad),
        Judgement::NotJudged { .. } => Some(Tone::Faint),
    };
    (format!("{mark} {word}{number}"), tone)
}

fn time_bar(page: &mut Page, case: &CaseDigest<'_>) {
    let Some(parts) = parts(case.case, case.base) else {
        return;
    };
    let samples = match parts.base_samples {
        Some(base) => format!("{} samples, base {base}", parts.samples),
        None => format!("{} samples", parts.samples),
    };
    page.line(&format!("  where the time goes ({samples})"));
    let width = page.width.saturating_sub(16).min(72);
    let fill = |index: usize| {
        let category = parts.parts[index].category.as_ref();
        let is_unknown = category == Some(&Category::Unknown);
        if is_unknown {
            '?'
        } else {
            FILLS[index % FILLS.len()]
        }
    };
    let bar = |thousandths: &dyn Fn(usize) -> u32| {
        let mut bar = String::new();
        let mut sum = 0;
        let mut drawn = 0;
        for index in 0..parts.parts.len() {
            sum += thousandths(index) as usize;
            let end = (sum * width + 500) / 1000;
            bar.extend(std::iter::repeat_n(fill(index), end - drawn));
            drawn = end;
        }
        bar
    };
    if parts.base_samples.is_some() && !case.is_quiet() {
        let base = bar(&|index| parts.parts[index].base.unwrap_or(0));
        page.line(&format!("    base  {base}"));
    }
    let head = bar(&|index| parts.parts[index].head);
    page.line(&format!("    head  {head}"));
    let legend: Vec<String> = parts
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let base = match part.base {
                Some(base) if !case.is_quiet() => format!("{} → ", tenths(base)),
                _ => String::new(),
            };
            let margin = if index == 0 {
                format!(" ±{:.1}", parts.margin * 100.0)
            } else {
                String::new()
            };
            // Held together by unbreakable blanks, so that a line never ends inside a part.
            format!(
                "{} {} {base}{} %{margin}",
                fill(index),
                part.label,
                tenths(part.head)
            )
            .replace(' ', "\u{a0}")
        })
        .collect();
    let width = page.width.saturating_sub(10);
    for line in wrapped(&legend.join("   "), width) {
        page.line(&format!(
            "          {}",
            line.replace(' ', "   ").replace('\u{a0}', " ")
        ));
    }
}

fn tenths(thousandths: u32) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

fn moved_types(page: &mut Page, case: &CaseDigest<'_>) {
    let moves = moves(case.case, case.base);
    if moves.moves.is_empty() {
        return;
    }
    page.line("  types moved by memcpy, per iteration");
    for it in moves.moves.iter().take(TOP) {
        let mut words = text::value(it.head.0, Unit::Bytes);
        if let Some(calls) = it.head.1 {
            words.push_str(&format!(" in {} moves", text::value(calls, Unit::Count)));
        }
        let perhaps = if it.is_candidate { "perhaps " } else { "" };
        words.push_str(&format!(
            " of {perhaps}`{}` ({} B)",
            text::shortened(&it.ty, 70),
            grouped(it.size)
        ));
        if !it.location.is_empty() {
            words.push_str(&format!(" at {}", text::shortened(&it.location, 100)));
        }
        words.push_str(&format!(" in `{}`", text::shortened(&it.function, 90)));
        if case.base.is_some() {
            let base = text::value(it.base.0, Unit::Bytes);
            words.push_str(&format!(", base {base}"));
        }
        page.labelled("    ·", 6, &words);
    }
    rest(page, moves.moves.len());
    if moves.unnamed > 0.0 {
        let bytes = text::value(moves.unnamed, Unit::Bytes);
        page.labelled(
            "    ·",
            6,
            &format!("{bytes} of slices and others whose type is not named"),
        );
    }
}

fn allocation_sites(page: &mut Page, case: &CaseDigest<'_>) {
    let sites = sites(case.case, case.base);
    if sites.is_empty() {
        return;
    }
    page.line("  allocation sites, per iteration");
    for site in sites.iter().take(TOP) {
        let amount = |(bytes, allocs): (f64, f64)| {
            format!(
                "{} in {} allocations",
                text::value(bytes, Unit::Bytes),
                text::value(allocs, Unit::Count)
            )
        };
        let mut words = format!(
            "{} in `{}`",
            amount(site.head),
            text::shortened(&site.function, 90)
        );
        if !site.location.is_empty() {
            words.push_str(&format!(" at {}", text::shortened(&site.location, 100)));
        }
        if case.base.is_some() && site.base != site.head {
            words.push_str(&format!(", base {}", amount(site.base)));
        }
        page.labelled("    ·", 6, &words);
    }
    rest(page, sites.len());
}

fn rest(page: &mut Page, count: usize) {
    if count > TOP {
        page.labelled(
            "    ·",
            6,
            &format!("and {} more in the HTML report", count - TOP),
        );
    }
}
