//! Text for people.

use std::io::Write;

use perfkit_model::comparison::Verdict;
use perfkit_model::layout::with_short_arguments;
use perfkit_model::lint::{Lint, TypeFinding};
use perfkit_model::quantity::grouped;

use super::{evidence, headline, holders};
use crate::terminal::Options;
use crate::terminal::layout::{Page, Tone};
use crate::terminal::sections::level;
use crate::{RenderError, text};

/// Where text after a label starts.
const INDENT: usize = 12;
/// Types within limits that are named.
const MOST_WITHIN: usize = 8;

/// Writes the verdict, the findings, and what grew within limits.
///
/// # Errors
/// When the writer refuses.
pub fn render(lint: &Lint, options: &Options, writer: &mut impl Write) -> Result<(), RenderError> {
    let mut page = Page::new(options);
    let (answer, sentence) = headline(lint);
    let tone = match lint.verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::NotJudged { .. } => Tone::Warn,
    };
    let answer = page.paint(tone, &answer.to_uppercase());
    page.line(&format!("{answer}: {}", text::name(&sentence, 600)));
    if lint.base.is_empty() {
        page.line("hint: `cargo perfkit lint --save-baseline` stores the types as they are, `--base REV` compares with a revision");
    }
    for finding in &lint.findings {
        page.gap();
        block(&mut page, finding);
    }
    within_limits(&mut page, lint);
    if !lint.remarks.is_empty() {
        page.gap();
        page.line("remarks");
        for remark in &lint.remarks {
            page.labelled("  ·", 4, &text::name(remark, 800));
        }
    }
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}

/// One finding.
pub(crate) fn block(page: &mut Page, finding: &TypeFinding) {
    let level = level(page, finding.level);
    let place = finding.place.as_ref();
    let place = place.map(|place| text::location(&place.file, place.line));
    let place = page.paint(Tone::Strong, &text::name(&place.unwrap_or_default(), 200));
    page.line(&format!(
        "{level}  {}  {place}",
        text::name(&finding.rule, 40)
    ));
    page.labelled("", 2, &text::name(&finding.message, 800));
    let chain = crate::types::chain_words(&finding.chain);
    for (label, words) in [
        ("  why", chain),
        ("  holders", holders(finding)),
        ("  evidence", evidence(finding)),
        ("  remedy", finding.remedy.clone()),
    ] {
        if let Some(words) = words {
            page.labelled(label, INDENT, &text::name(&words, 1200));
        }
    }
    let command = format!("cargo perfkit explain {}", text::name(&finding.rule, 60));
    page.labelled("  explain", INDENT, &command);
}

fn within_limits(page: &mut Page, lint: &Lint) {
    if lint.within_limits.is_empty() {
        return;
    }
    page.gap();
    page.line("grew within limits");
    for grown in lint.within_limits.iter().take(MOST_WITHIN) {
        page.labelled(
            "  ·",
            4,
            &format!(
                "{} {} → {} B",
                text::name(&with_short_arguments(&grown.type_name), 200),
                grouped(grown.base),
                grouped(grown.head)
            ),
        );
    }
    let more = lint.within_limits.len().saturating_sub(MOST_WITHIN);
    if more > 0 {
        page.line(&format!("    and {more} more"));
    }
}
