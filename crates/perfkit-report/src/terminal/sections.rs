//! What the text says around the cases: verdict, findings, failures, reasons.

use perfkit_model::comparison::{Finding, Level, Verdict};
use perfkit_model::run::Outcome;

use super::layout::{Page, Tone};
use crate::digest::cases::{self, CaseDigest, Reason};
use crate::digest::growth;
use crate::digest::verdict::headline;
use crate::{View, text};

/// Causes shown; the rest is in the HTML report.
const TOP: usize = 5;
/// Lines of a failed child's stderr.
const LAST_LINES: usize = 6;
/// Where text after a label starts.
const INDENT: usize = 12;

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
    for (index, line) in super::layout::wrapped(&plain, page.width)
        .iter()
        .enumerate()
    {
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
    for finding in &view.comparison.types {
        page.gap();
        crate::lint::terminal::block(page, finding);
    }
}

/// `✗ deny`, painted.
pub(crate) fn level(page: &Page, level: Level) -> String {
    let (mark, tone) = match level {
        Level::Deny => ("✗", Tone::Bad),
        Level::Warn => ("!", Tone::Warn),
        Level::Note | Level::Allow => ("·", Tone::Faint),
    };
    page.paint(tone, &format!("{mark} {}", text::level(level)))
}

fn finding_block(page: &mut Page, finding: &Finding) {
    let level = level(page, finding.level);
    let room = page.width.saturating_sub(50).max(24);
    let case = page.paint(Tone::Strong, &text::name(&finding.case.to_string(), room));
    page.line(&format!(
        "{level}  {}  {case}",
        text::name(&finding.rule, 40)
    ));
    page.labelled("", 2, &text::name(&finding.message, 800));
    let place = finding
        .causes
        .iter()
        .find(|cause| !cause.location.is_empty());
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
        page.labelled(
            "",
            INDENT,
            &format!(
                "and {}",
                text::counted(more, "smaller cause", "smaller causes")
            ),
        );
    }
    for grown in &finding.because {
        page.labelled("  because", INDENT, &text::name(&grown.message, 600));
        if let Some(place) = &grown.place {
            page.labelled("", INDENT, &text::location(&place.file, place.line));
        }
    }
    for (index, symptom) in finding.symptoms.iter().enumerate() {
        let label = if index == 0 { "  also" } else { "" };
        page.labelled(label, INDENT, &text::name(&symptom.message, 400));
    }
    for (label, sentence) in [
        ("  remedy", &text::remedy(finding)),
        ("  gain", &finding.gain),
    ] {
        if let Some(sentence) = sentence {
            page.labelled(label, INDENT, &text::name(sentence, 600));
        }
    }
    let command = format!("cargo perfkit explain {}", text::name(&finding.rule, 60));
    page.labelled("  explain", INDENT, &command);
}

pub(super) fn failures(page: &mut Page, view: &View<'_>) {
    for (case, pass) in view.run.failures() {
        let Outcome::Failed {
            message,
            hint,
            stderr,
        } = &pass.outcome
        else {
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
    let growth = growth::sentences(view);
    let lists = [
        ("how costs grow", &growth),
        (
            "what else differs between the sides",
            &view.comparison.context,
        ),
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
