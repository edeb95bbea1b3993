//! What the text says, from the verdict down.

use perfkit_model::comparison::{Finding, Judgement, Level, Verdict};
use perfkit_model::run::Outcome;

use super::layout::{Cell, Page, Tone};
use crate::digest::cases::{self, CaseDigest, Reason, TableRow};
use crate::digest::parts::parts;
use crate::digest::sites::sites;
use crate::digest::types::moves;
use crate::digest::verdict::headline;
use crate::{View, text};

/// Causes, types and sites shown; the rest is in the HTML report.
const TOP: usize = 5;
/// Lines of a failed child's stderr.
const LAST_LINES: usize = 6;
/// Where text after a label starts.
const INDENT: usize = 12;
/// One fill per part of the bar, so that it reads without colour. What is unknown is always `?`.
const FILLS: [char; 9] = ['█', '▒', '▓', '░', '=', '-', ':', '+', '.'];

pub(super) fn verdict(page: &mut Page, view: &View<'_>, cases: &[CaseDigest<'_>]) {
    let headline = headline(view, cases);
    let tone = match &view.comparison.verdict {
        _ if view.run.cases.is_empty() => Tone::Warn,
        Verdict::Pass => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::NotJudged { .. } => Tone::Warn,
    };
    let answer = page.paint(tone, &headline.answer.to_uppercase());
    // Wrapped before it is painted: colour has no width.
    let plain = format!(
        "{}: {}",
        headline.answer.to_uppercase(),
        text::name(&headline.sentence, 600)
    );
    for (index, line) in super::layout::wrapped(&plain, page.width).iter().enumerate() {
        let line = match line.strip_prefix(&headline.answer.to_uppercase()) {
            Some(rest) if index == 0 => format!("{answer}{rest}"),
            _ => line.clone(),
        };
        page.line(&line);
    }
    page.labelled("", 0, &headline.scope.join(" · "));
}

pub(super) fn findings(page: &mut Page, view: &View<'_>) {
    for finding in cases::findings(view) {
        page.gap();
        finding_block(page, finding);
    }
}

fn finding_block(page: &mut Page, finding: &Finding) {
    let (mark, tone) = match finding.level {
        Level::Deny => ("✗", Tone::Bad),
        Level::Warn => ("!", Tone::Warn),
        Level::Note | Level::Allow => ("·", Tone::Faint),
    };
    let level = page.paint(tone, &format!("{mark} {}", text::level(finding.level)));
    let case = page.paint(Tone::Strong, &text::name(&finding.case.to_string(), 60));
    page.line(&format!("{level}  {}  {case}", text::name(&finding.rule, 60)));
    page.labelled("", 2, &text::name(&finding.message, 800));
    let place = finding.causes.iter().find(|cause| !cause.location.is_empty());
    if let Some(cause) = place {
        page.labelled("  at", INDENT, &text::name(&cause.location, 200));
    }
    for (index, cause) in finding.causes.iter().take(TOP).enumerate() {
        let label = if index == 0 { "  causes" } else { "" };
        let mut words = format!(
            "{:>7}  {}",
            text::percent(cause.share),
            text::shortened(&text::cause(cause), 90)
        );
        if !cause.location.is_empty() {
            words.push_str(&format!(" at {}", text::name(&cause.location, 120)));
        }
        if let Some(ty) = &cause.ty {
            let (verb, name, size) = text::moved(ty);
            words.push_str(&format!(" {verb} `{}` {size}", text::shortened(&name, 90)));
        }
        // The share keeps its column: leading blanks are not words.
        let share = words.chars().take(9).collect::<String>();
        let rest = words.chars().skip(9).collect::<String>();
        page.labelled(&format!("{label:INDENT$}{share}"), INDENT + 9, &rest);
    }
    let more = finding.causes.len().saturating_sub(TOP);
    if more > 0 {
        page.labelled("", INDENT, &format!("and {}", text::counted(more, "smaller cause", "smaller causes")));
    }
    for (label, sentence) in [("  remedy", &finding.remedy), ("  gain", &finding.gain)] {
        if let Some(sentence) = sentence {
            page.labelled(label, INDENT, &text::name(sentence, 600));
        }
    }
    let command = format!("cargo perfkit explain {}", text::name(&finding.rule, 60));
    page.labelled("  explain", INDENT, &command);
}

/// A case in which nothing moved: a few lines.
pub(super) fn quiet_case(page: &mut Page, case: &CaseDigest<'_>) {
    heading(page, case);
    let same = case.judged(&Judgement::Same);
    let reasons = case.rows.iter().filter(|row| row.reason.is_some()).count();
    let mut words = vec![format!("no change in {}", text::counted(same, "metric", "metrics"))];
    if reasons > 0 {
        words.push(format!("{reasons} not judged"));
    }
    for id in ["time.cpu", "heap.bytes", "memcpy.bytes", "io.bytes"] {
        let row = case.rows.iter().find(|row| row.metric.is_some_and(|metric| metric.id == id));
        if let Some(row) = row {
            words.push(format!("{} {}", row.title, text::optional(row.head, row.unit)));
        }
    }
    page.labelled("", 2, &words.join(" · "));
    time_bar(page, case);
}

/// A case with changes: everything that fits a screen.
pub(super) fn case(page: &mut Page, case: &CaseDigest<'_>, reasons: &[Reason<'_>]) {
    heading(page, case);
    metrics(page, case, reasons);
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
}

fn metrics(page: &mut Page, case: &CaseDigest<'_>, reasons: &[Reason<'_>]) {
    if case.rows.is_empty() {
        page.labelled("", 2, "no metric was measured");
        return;
    }
    let titles = ["metric", "base", "head", "change", "judgement", "sees from", "per item"];
    let has_base = case.rows.iter().any(|row| row.base.is_some());
    let mut rows = vec![titles.map(|title| Cell::toned(title, Tone::Faint)).to_vec()];
    rows.extend(case.rows.iter().map(|row| {
        let (word, tone) = judgement(row, reasons);
        let change = text::change(row.base, row.head);
        vec![
            Cell::new(row.title.clone()),
            Cell::new(if has_base { text::optional(row.base, row.unit) } else { String::new() }),
            Cell::new(text::optional(row.head, row.unit)),
            Cell { text: change, tone },
            Cell { text: word, tone },
            Cell::toned(row.sees(), Tone::Faint),
            Cell::new(case.per_item(row).map(|value| text::value(value, row.unit)).unwrap_or_default()),
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
        return (if number.is_empty() { String::new() } else { format!("? not judged{number}") }, None);
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
        let is_unknown = category == Some(&perfkit_model::category::Category::Unknown);
        if is_unknown { '?' } else { FILLS[index % FILLS.len()] }
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
            let margin = if index == 0 { format!(" ±{:.1}", parts.margin * 100.0) } else { String::new() };
            // Held together by unbreakable blanks, so that a line never ends inside a part.
            format!("{} {} {base}{} %{margin}", fill(index), part.label, tenths(part.head))
                .replace(' ', "\u{a0}")
        })
        .collect();
    let width = page.width.saturating_sub(10);
    for line in super::layout::wrapped(&legend.join("   "), width) {
        page.line(&format!("          {}", line.replace(' ', "   ").replace('\u{a0}', " ")));
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
        let mut words = text::value(it.head.0, perfkit_model::metric::Unit::Bytes);
        if let Some(calls) = it.head.1 {
            words.push_str(&format!(" in {} moves", text::value(calls, perfkit_model::metric::Unit::Count)));
        }
        let perhaps = if it.is_candidate { "perhaps " } else { "" };
        words.push_str(&format!(
            " of {perhaps}`{}` ({} B)",
            text::shortened(&it.ty, 70),
            perfkit_model::quantity::grouped(it.size)
        ));
        if !it.location.is_empty() {
            words.push_str(&format!(" at {}", text::shortened(&it.location, 100)));
        }
        words.push_str(&format!(" in `{}`", text::shortened(&it.function, 90)));
        if case.base.is_some() {
            let base = text::value(it.base.0, perfkit_model::metric::Unit::Bytes);
            words.push_str(&format!(", base {base}"));
        }
        page.labelled("    ·", 6, &words);
    }
    rest(page, moves.moves.len());
    if moves.unnamed > 0.0 {
        let bytes = text::value(moves.unnamed, perfkit_model::metric::Unit::Bytes);
        page.labelled("    ·", 6, &format!("{bytes} of slices and others whose type is not named"));
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
                text::value(bytes, perfkit_model::metric::Unit::Bytes),
                text::value(allocs, perfkit_model::metric::Unit::Count)
            )
        };
        let mut words = format!("{} in `{}`", amount(site.head), text::shortened(&site.function, 90));
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
        page.labelled("    ·", 6, &format!("and {} more in the HTML report", count - TOP));
    }
}

pub(super) fn failures(page: &mut Page, view: &View<'_>) {
    for (case, pass) in view.run.failures() {
        let Outcome::Failed { message, hint, stderr } = &pass.outcome else {
            continue;
        };
        page.gap();
        let word = page.paint(Tone::Bad, "FAILED");
        let case = text::name(&case.id.to_string(), 60);
        page.line(&format!("{word}  {} pass of {case}", pass.pass.as_str()));
        page.labelled("", 2, &text::name(message, 400));
        if let Some(hint) = hint {
            page.labelled("  hint:", 8, &text::name(hint, 400));
        }
        let lines: Vec<&str> = stderr.lines().collect();
        for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
            let line = text::name(line, page.width.saturating_sub(4));
            let line = page.paint(Tone::Faint, &line);
            page.line(&format!("  | {line}"));
        }
    }
}

pub(super) fn not_judged(page: &mut Page, reasons: &[Reason<'_>]) {
    if reasons.is_empty() {
        return;
    }
    page.gap();
    page.line("not judged");
    for (index, reason) in reasons.iter().enumerate() {
        let words = format!(
            "{} ({}, {})",
            text::name(reason.reason, 300),
            text::counted(reason.rows, "row", "rows"),
            reason.metrics.join(", ")
        );
        page.labelled(&format!("  [{}]", index + 1), 6, &words);
    }
}

pub(super) fn remarks(page: &mut Page, view: &View<'_>) {
    let lists = [
        ("what else differs between the sides", &view.comparison.context),
        ("remarks", &view.comparison.remarks),
    ];
    for (title, sentences) in lists {
        if sentences.is_empty() {
            continue;
        }
        page.gap();
        page.line(title);
        for sentence in sentences {
            page.labelled("  ·", 4, &text::name(sentence, 400));
        }
    }
}
