//! What changed for good on the branch of late: one line for a case.

use super::layout::Page;
use crate::digest::cases::CaseDigest;
use crate::digest::trend::{age, change, revision, trends};
use crate::{View, text};

/// Entries in which a step is news.
const NEWEST: usize = 10;

pub(super) fn line(page: &mut Page, view: &View<'_>, case: &CaseDigest<'_>) {
    let Some(trend) = view.trend else {
        return;
    };
    let trends = trends(view, case);
    let steps = trends.iter().flat_map(|trend| &trend.steps);
    let mut steps: Vec<_> = steps
        .filter(|step| age(trend.history, step) <= NEWEST)
        .collect();
    // The newest first, and of those the dearest metric, as they come.
    steps.sort_by_key(|step| age(trend.history, step));
    let Some(step) = steps.first() else {
        return;
    };
    let mut words = format!(
        "{} since {}, {} ago",
        change(step),
        revision(&step.revision),
        text::counted(age(trend.history, step), "entry", "entries"),
    );
    if steps.len() > 1 {
        let more = text::counted(steps.len() - 1, "more step", "more steps");
        words.push_str(&format!("; {more}, see `cargo perfkit history steps`"));
    }
    page.labelled("  trend", 9, &words);
}
