//! A summary for a CI step or a comment on a pull request.

use std::io::Write;

use perfkit_model::comparison::{Level, Verdict};
use perfkit_model::layout::with_short_arguments;
use perfkit_model::lint::{Lint, TypeFinding};
use perfkit_model::quantity::grouped;

use super::{chain, evidence, headline, holders};
use crate::markdown::{code, joined, markup, sentence};
use crate::{RenderError, text};

/// Writes the verdict, a table of the findings and each with its reasons, in less than 64 KiB.
///
/// # Errors
/// When the writer refuses.
pub fn render(lint: &Lint, writer: &mut impl Write) -> Result<(), RenderError> {
    let (answer, words) = headline(lint);
    let mark = match lint.verdict {
        Verdict::Pass => "✅",
        Verdict::Regressed => "❌",
        Verdict::NotJudged { .. } => "⚠️",
    };
    let mut blocks = vec![format!(
        "## {mark} Types: {answer}\n\n{}\n",
        sentence(&words)
    )];
    let (accepted, open): (Vec<_>, Vec<_>) = lint
        .findings
        .iter()
        .partition(|finding| finding.level == Level::Allow);
    if !open.is_empty() {
        blocks.push(table(&open));
    }
    blocks.extend(open.into_iter().map(finding));
    blocks.extend(list(
        "Accepted",
        accepted.iter().map(|finding| sentence(&finding.message)),
    ));
    let within = lint.within_limits.iter().take(20).map(|grown| {
        format!(
            "{} {} → {} B",
            code(&with_short_arguments(&grown.type_name)),
            grouped(grown.base),
            grouped(grown.head)
        )
    });
    blocks.extend(list("Grew within limits", within));
    blocks.extend(list(
        "Remarks",
        lint.remarks.iter().map(|words| sentence(words)),
    ));
    writer.write_all(joined(blocks).as_bytes())?;
    Ok(())
}

fn table(findings: &[&TypeFinding]) -> String {
    let mut block = String::from("| | type | before | after | where |\n|:--|:--|--:|--:|:--|\n");
    for finding in findings.iter().take(50) {
        let place = finding.place.as_ref();
        let place = place.map(|place| text::location(&place.file, place.line));
        block.push_str(&format!(
            "| {} | {} | {} | {} B | {} |\n",
            text::level(finding.level),
            code(&with_short_arguments(&finding.type_name)),
            finding
                .base
                .map_or_else(|| "new".to_owned(), |base| format!("{} B", grouped(base))),
            grouped(finding.head),
            place.map_or_else(String::new, |place| code(&place)),
        ));
    }
    block
}

/// One finding.
pub(crate) fn finding(finding: &TypeFinding) -> String {
    let mut block = format!(
        "### {} · {}\n\n{}\n",
        text::level(finding.level),
        code(&finding.rule),
        sentence(&finding.message)
    );
    let reasons = [chain(finding), holders(finding), evidence(finding)];
    for words in reasons.into_iter().flatten() {
        block.push_str(&format!("\n- {}", sentence(&words)));
    }
    if let Some(remedy) = &finding.remedy {
        block.push_str(&format!("\n\n**Remedy:** {}", sentence(remedy)));
    }
    block.push_str(&format!(
        "\n\nMore: {}\n",
        code(&format!("cargo perfkit explain {}", finding.rule))
    ));
    block
}

fn list(title: &str, lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: Vec<String> = lines.map(|line| format!("- {line}\n")).collect();
    (!lines.is_empty()).then(|| format!("### {}\n\n{}", markup(title), lines.concat()))
}
