//! A summary for a CI step summary or a pull request comment.

use std::io::Write;

use perfkit_model::comparison::{Finding, Judgement};
use perfkit_model::run::Outcome;

use crate::digest::cases::{self, CaseDigest, cases, reasons};
use crate::digest::growth;
use crate::digest::load::load;
use crate::digest::parts::parts;
use crate::digest::stages::busiest;
use crate::digest::verdict::headline;
use crate::{RenderError, View, text};

/// Most bytes written: GitHub refuses a comment above 64 KiB, and there may be a frame around ours.
const MOST_BYTES: usize = 60 * 1024;
/// Bytes kept for the sentence that says what was left out.
const TAIL: usize = 256;
/// Characters of one name or sentence.
const LONGEST: usize = 600;

/// Writes the verdict, the findings and one table per changed case, in less than 64 KiB. What does not fit
/// is left out from the end, and a sentence says so.
///
/// # Errors
///
/// When the writer refuses.
pub fn render(view: &View<'_>, writer: &mut impl Write) -> Result<(), RenderError> {
    let cases = cases(view);
    let mut blocks = vec![verdict(view, &cases)];
    blocks.extend(cases::findings(view).map(finding));
    blocks.extend(
        view.comparison
            .types
            .iter()
            .map(crate::lint::markdown::finding),
    );
    blocks.extend(failures(view));
    let (quiet, loud): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.is_quiet());
    blocks.extend(loud.into_iter().map(table));
    if !quiet.is_empty() {
        blocks.push(unchanged(&quiet));
    }
    blocks.extend(remarks(view, &cases));

    writer.write_all(joined(blocks).as_bytes())?;
    Ok(())
}

/// Blocks one after the other, as many as a comment can hold.
pub(crate) fn joined(blocks: Vec<String>) -> String {
    let mut summary = String::new();
    let total = blocks.len();
    for (index, block) in blocks.into_iter().enumerate() {
        if summary.len() + block.len() + TAIL > MOST_BYTES {
            let left = total - index;
            summary.push_str(&format!(
                "\n*Cut here: {} did not fit. The full report has everything.*\n",
                text::counted(left, "section", "sections")
            ));
            break;
        }
        if index > 0 {
            summary.push('\n');
        }
        summary.push_str(&block);
    }
    summary
}

fn verdict(view: &View<'_>, cases: &[CaseDigest<'_>]) -> String {
    let headline = headline(view, cases);
    let mark = match headline.class {
        "pass" => "✅",
        "regressed" => "❌",
        _ => "⚠️",
    };
    format!(
        "## {mark} {}: {}\n\n{}\n",
        headline.answer,
        sentence(&headline.sentence),
        sentence(&headline.scope.join(" · "))
    )
}

fn finding(finding: &Finding) -> String {
    let mut block = format!(
        "### {} · {} · {}\n\n{}\n",
        text::level(finding.level),
        code(&finding.rule),
        code(&finding.case.to_string()),
        sentence(&finding.message)
    );
    if !finding.causes.is_empty() {
        block.push('\n');
    }
    for cause in finding.causes.iter().take(5) {
        block.push_str(&format!(
            "- {} {}",
            text::percent(cause.share),
            code(&text::cause(cause))
        ));
        if !cause.location.is_empty() {
            block.push_str(&format!(" at {}", code(&cause.location)));
        }
        if let Some(ty) = &cause.ty {
            let (verb, name, size) = text::moved(ty);
            block.push_str(&format!(" {verb} {} {size}", code(&name)));
        }
        block.push('\n');
    }
    for grown in &finding.because {
        block.push_str(&format!("\n**Because:** {}\n", sentence(&grown.message)));
    }
    if !finding.symptoms.is_empty() {
        block.push_str("\nAlso:\n\n");
    }
    for symptom in &finding.symptoms {
        block.push_str(&format!("- {}\n", sentence(&symptom.message)));
    }
    for (label, words) in [("Remedy", &text::remedy(finding)), ("Gain", &finding.gain)] {
        if let Some(words) = words {
            block.push_str(&format!("\n**{label}:** {}\n", sentence(words)));
        }
    }
    block.push_str(&format!(
        "\nMore: {}\n",
        code(&format!("cargo perfkit explain {}", finding.rule))
    ));
    block
}

fn failures(view: &View<'_>) -> impl Iterator<Item = String> {
    view.run.failures().filter_map(|(case, pass)| {
        let Outcome::Failed { message, hint, .. } = &pass.outcome else {
            return None;
        };
        let hint = hint
            .as_ref()
            .map(|hint| format!("\n\nHint: {}", sentence(hint)));
        Some(format!(
            "### ❌ The {} pass of {} failed\n\n{}{}\n",
            pass.pass.as_str(),
            code(&case.id.to_string()),
            sentence(message),
            hint.unwrap_or_default()
        ))
    })
}

fn table(case: &CaseDigest<'_>) -> String {
    let mut block = format!("### {}\n\n", code(&case.case.id.to_string()));
    let throughput = case.throughput();
    if !throughput.is_empty() {
        block.push_str(&format!("{}\n\n", throughput.join(" · ")));
    }
    let busy = case.busy();
    if !busy.is_empty() {
        block.push_str(&format!(
            "{}\n\n",
            sentence(&format!("processes: {}", busy.join(" · ")))
        ));
    }
    if let Some(load) = load(case.case) {
        let phrases = load.phrases().join(" · ");
        block.push_str(&format!(
            "{}\n\n",
            sentence(&format!("under load: {phrases}"))
        ));
    }
    if let Some(stages) = busiest(case.case) {
        block.push_str(&format!("{}\n\n", sentence(&format!("stages: {stages}"))));
    }
    if case.rows.is_empty() && case.shows_otherwise() {
        return block;
    }
    if case.rows.is_empty() {
        block.push_str("No metric was measured.\n");
        return block;
    }
    block.push_str("| metric | base | head | change | judgement | sees from |\n");
    block.push_str("|:--|--:|--:|--:|:--|--:|\n");
    for row in &case.rows {
        let judgement = row.judgement.map_or(String::new(), |judgement| {
            let (mark, word) = text::judgement(judgement);
            match judgement {
                Judgement::Worse => format!("**{mark} {word}**"),
                _ => format!("{mark} {word}"),
            }
        });
        block.push_str(&format!(
            "| {} | {} | {} | {} | {judgement} | {} |\n",
            markup(&row.title),
            text::optional(row.base, row.unit),
            text::optional(row.head, row.unit),
            row.change(),
            row.sees()
        ));
    }
    if let Some(parts) = parts(case.case, case.base) {
        let list = parts.parts.iter().map(|part| {
            let base = part
                .base
                .map(|base| format!("{:.1} → ", f64::from(base) / 10.0));
            let base = base.unwrap_or_default();
            format!(
                "{} {base}{:.1} %",
                markup(&part.label),
                f64::from(part.head) / 10.0
            )
        });
        block.push_str(&format!(
            "\nWhere the time goes ({} samples, ±{:.1} for the largest part): {}\n",
            parts.samples,
            parts.margin * 100.0,
            list.collect::<Vec<_>>().join(" · ")
        ));
    }
    block
}

fn unchanged(cases: &[&CaseDigest<'_>]) -> String {
    let mut block = format!(
        "### {} without change\n\n",
        text::counted(cases.len(), "case", "cases")
    );
    // The list shares one block, so it has to be bounded by itself.
    for case in cases.iter().take(100) {
        block.push_str(&format!(
            "- {}: {} the same\n",
            code(&case.case.id.to_string()),
            text::counted(case.judged(&Judgement::Same), "metric", "metrics")
        ));
    }
    if cases.len() > 100 {
        block.push_str(&format!("- and {} more\n", cases.len() - 100));
    }
    block
}

fn remarks(view: &View<'_>, cases: &[CaseDigest<'_>]) -> Vec<String> {
    let reasons = reasons(cases).into_iter().map(|reason| {
        let metrics = reason.metrics.join(", ");
        format!(
            "{} ({}, {metrics})",
            reason.reason,
            text::counted(reason.rows, "row", "rows")
        )
    });
    let lists: [(&str, Vec<String>); 4] = [
        ("How costs grow", growth::sentences(view)),
        ("Not judged", reasons.collect()),
        (
            "What else differs between the sides",
            view.comparison.context.clone(),
        ),
        ("Remarks", view.comparison.remarks.clone()),
    ];
    let mut blocks = Vec::new();
    for (title, sentences) in lists {
        for (index, words) in sentences.iter().enumerate() {
            let title = if index == 0 {
                format!("### {title}\n\n")
            } else {
                String::new()
            };
            blocks.push(format!("{title}- {}\n", sentence(words)));
        }
    }
    blocks
}

/// A message: what stands between backticks becomes code, the rest loses its markup.
pub(crate) fn sentence(message: &str) -> String {
    let message = text::name(message, LONGEST);
    let spans = text::spans(&message).into_iter();
    spans
        .map(|(is_code, words)| if is_code { code(words) } else { markup(words) })
        .collect()
}

/// A name as code, in tables too.
///
/// The fence is longer than any run of backticks inside, and a `|` would end a table's cell.
pub(crate) fn code(name: &str) -> String {
    let name = text::name(name, 160).replace('|', "¦");
    if name.is_empty() {
        return String::new();
    }
    let longest = name.split(|character| character != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    let pad = if name.contains('`') { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

/// Plain words without markup, links, mentions or issue references.
pub(crate) fn markup(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // GitHub looks for mentions and references after the Markdown is rendered, where a backslash
            // is gone; a word joiner stays.
            '@' | '#' => safe.extend([character, '\u{2060}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => safe.extend(['\\', character]),
            character => safe.push(character),
        }
    }
    safe
}
