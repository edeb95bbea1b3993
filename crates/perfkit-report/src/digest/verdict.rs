//! The answer in words.

use perfkit_model::comparison::{Judgement, Level, Verdict};

use super::cases::{CaseDigest, findings};
use crate::{View, text};

/// What the first lines of every report say.
#[derive(Debug)]
pub(crate) struct Headline {
    /// Word for styling: `pass`, `regressed` or `not-judged`.
    pub(crate) class: &'static str,
    /// The answer in one or two words.
    pub(crate) answer: &'static str,
    /// Why, or what was found.
    pub(crate) sentence: String,
    /// What was compared with what, and how much of it was judged.
    pub(crate) scope: Vec<String>,
}

/// The headline of a view.
pub(crate) fn headline(view: &View<'_>, cases: &[CaseDigest<'_>]) -> Headline {
    let (class, answer) = match &view.comparison.verdict {
        _ if view.run.cases.is_empty() => ("not-judged", "Nothing measured"),
        Verdict::Pass => ("pass", "Pass"),
        Verdict::Regressed => ("regressed", "Regressed"),
        Verdict::NotJudged { .. } => ("not-judged", "Not judged"),
    };
    let mut sentences = Vec::new();
    match &view.comparison.verdict {
        _ if view.run.cases.is_empty() => sentences.push("this run has no cases".to_owned()),
        Verdict::NotJudged { reason } => sentences.push(reason.clone()),
        Verdict::Pass => sentences.push("nothing that could be judged got worse".to_owned()),
        Verdict::Regressed => {}
    }
    let levels = [
        (
            Level::Deny,
            "finding fails the build",
            "findings fail the build",
        ),
        (Level::Warn, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ];
    for (level, one, many) in levels {
        let of_types = view.comparison.types.iter().map(|finding| finding.level);
        let levels = findings(view).map(|finding| finding.level).chain(of_types);
        let count = levels.filter(|own| *own == level).count();
        if count > 0 {
            sentences.push(text::counted(count, one, many));
        }
    }
    Headline {
        class,
        answer,
        sentence: sentences.join(", "),
        scope: scope(view, cases),
    }
}

fn scope(view: &View<'_>, cases: &[CaseDigest<'_>]) -> Vec<String> {
    let mut scope = Vec::new();
    let comparison = view.comparison;
    if !comparison.base.is_empty() {
        scope.push(format!(
            "{} against {}",
            text::name(&comparison.head, 80),
            text::name(&comparison.base, 80)
        ));
    }
    scope.push(text::counted(cases.len(), "case", "cases"));
    let count = |wanted: fn(&Judgement) -> bool| {
        let rows = comparison.rows.iter();
        rows.filter(|row| wanted(&row.judgement)).count()
    };
    let judged = count(|it| !matches!(it, Judgement::NotJudged { .. }));
    let silent = count(|it| matches!(it, Judgement::NotJudged { .. }));
    if judged + silent > 0 {
        scope.push(format!(
            "{} judged",
            text::counted(judged, "metric", "metrics")
        ));
        scope.push(format!("{silent} not judged"));
    }
    let failed = view.run.failures().count();
    if failed > 0 {
        scope.push(text::counted(failed, "pass failed", "passes failed"));
    }
    if view.run.quick {
        scope.push("quick run, few iterations".to_owned());
    }
    scope
}
