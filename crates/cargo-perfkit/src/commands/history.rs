//! `cargo perfkit history`: add, show, steps.

use std::collections::BTreeSet;

use perfkit_model::history::{History, MAIN_METRICS, Series};
use perfkit_model::metric::METRICS;
use perfkit_model::run::{CaseId, Run};
use perfkit_report::history::HistoryView;

use crate::cli::{Global, HistoryAddArgs, HistoryFormat, HistorySelectArgs, HistoryShowArgs};
use crate::failure::{Exit, Failure, counted};
use crate::history::{Histories, Known, entry, steps_of};
use crate::workspace::{Workspace, unknown};
use crate::{progress, rendered, rustc, settings, store};

/// Ends the revision of a tree that is no commit.
const DIRTY: &str = " with changes";

/// Adds a run.
pub(crate) fn add(global: &Global, args: &HistoryAddArgs) -> anyhow::Result<Exit> {
    let (workspace, mut histories) = open(global)?;
    let _lock = store::lock(&workspace)?;
    let run = store::load_run(&workspace, args.run.as_deref())?;
    let revision = revision(&run, args.allow_dirty)?;
    histories.target.clone_from(&run.environment.target);
    let entry = entry(&run, revision);
    if entry.cases.is_empty() {
        return Err(Failure::new(format!(
            "run {} measured nothing that could be compared",
            run.id
        ))
        .hint("`cargo perfkit report` says what failed; timings of a `--quick` run do not count")
        .into());
    }
    let failed: BTreeSet<&CaseId> = run.failures().map(|(case, _)| &case.id).collect();
    if !failed.is_empty() {
        let failed: Vec<String> = failed.into_iter().map(CaseId::to_string).collect();
        progress::warn(&format!(
            "what failed in {} is missing from the entry; mend it, and `--replace` fills the gap",
            failed.join(", ")
        ));
    }
    let known = match args.replace {
        true => Known::Replace,
        false => Known::Refuse,
    };
    let path = histories.add(&entry, known)?;
    let stored = histories.load()?;
    stored.warn(&path);
    progress::status(
        "Added",
        &format!(
            "run {} as {revision} to {}, which has {}",
            run.id,
            path.display(),
            entries(&stored.history)
        ),
    );
    Ok(Exit::Pass)
}

/// The revision of a run that may stand in a history.
fn revision(run: &Run, allow_dirty: bool) -> anyhow::Result<&str> {
    if run.partial {
        return Err(Failure::usage(format!(
            "run {} holds only some of the workloads, so its entry would have gaps",
            run.id
        ))
        .hint("run all of them: `cargo perfkit run` without filters, then `cargo perfkit history add`")
        .hint("or name a whole run with `--run`; `cargo perfkit report --list` lists them")
        .into());
    }
    let Some(revision) = run.environment.revision.as_deref() else {
        return Err(Failure::usage(format!("run {} has no revision", run.id))
            .hint("a history is one of revisions: measure inside a git checkout with a commit")
            .into());
    };
    if revision.ends_with(DIRTY) && !allow_dirty {
        return Err(Failure::usage(format!(
            "run {} measured {revision}, which is not what the commit holds",
            run.id
        ))
        .hint("commit the changes and run again")
        .hint("or add it as it is with `--allow-dirty`")
        .into());
    }
    Ok(revision)
}

/// Shows values over time.
pub(crate) fn show(global: &Global, args: &HistoryShowArgs) -> anyhow::Result<Exit> {
    let (histories, history) = load(global)?;
    let series = select(&history, &args.select)?;
    let steps = steps_of(&history, &series);
    let view = HistoryView {
        target: &histories.target,
        history: &history,
        series: &series,
        steps: &steps,
    };
    let mut text = Vec::new();
    match args.format {
        HistoryFormat::Json => perfkit_report::history::json(&view, &mut text)?,
        HistoryFormat::Terminal => {
            let options = rendered::terminal_options(progress::colours(global));
            perfkit_report::history::show(&view, &options, &mut text)?;
        }
    }
    super::print_bytes(&text)
}

/// Lists the steps.
pub(crate) fn steps(global: &Global, args: &HistorySelectArgs) -> anyhow::Result<Exit> {
    let (histories, history) = load(global)?;
    let series = select(&history, args)?;
    let steps = steps_of(&history, &series);
    if steps.is_empty() {
        progress::status(
            "None",
            &format!(
                "no step in {} of {}; a step is seen when the new value has come again",
                counted(series.len(), "value"),
                entries(&history)
            ),
        );
        return Ok(Exit::Pass);
    }
    let view = HistoryView {
        target: &histories.target,
        history: &history,
        series: &series,
        steps: &steps,
    };
    let mut text = Vec::new();
    let options = rendered::terminal_options(progress::colours(global));
    perfkit_report::history::steps(&view, &options, &mut text)?;
    super::print_bytes(&text)
}

/// The series that were asked for, those without a value left out.
fn select(history: &History, args: &HistorySelectArgs) -> anyhow::Result<Vec<Series>> {
    let wanted = args.case.as_deref().unwrap_or_default();
    let all = history.cases();
    let cases: Vec<&CaseId> = all
        .iter()
        .copied()
        .filter(|case| case.to_string().contains(wanted))
        .collect();
    if cases.is_empty() {
        let names: Vec<String> = all.into_iter().map(CaseId::to_string).collect();
        return Err(unknown("case", wanted, names.iter().map(String::as_str)).into());
    }
    let there = history.metrics();
    let metrics = match args.metric.as_deref() {
        None => MAIN_METRICS.to_vec(),
        Some(id) if there.contains(&id) => vec![id],
        Some(id) if METRICS.iter().any(|metric| metric.id == id) => {
            return Err(Failure::usage(format!("no entry has a value of `{id}`"))
                .hint(format!("the history has: {}", there.join(", ")))
                .into());
        }
        Some(id) => return Err(unknown("metric", id, there.into_iter()).into()),
    };
    let series = cases
        .iter()
        .flat_map(|case| metrics.iter().map(|metric| history.series(case, metric)));
    Ok(series.filter(|series| !series.points.is_empty()).collect())
}

/// The history of this machine's target. One without an entry is an error: there is nothing to show.
fn load(global: &Global) -> anyhow::Result<(Histories, History)> {
    let (_, histories) = open(global)?;
    let path = histories.path();
    let stored = histories.load()?;
    stored.warn(&path);
    if stored.history.entries.is_empty() {
        let failure = Failure::usage(format!(
            "there is no history yet: {} has no entry",
            path.display()
        ));
        return Err(match stored.problems.is_empty() {
            true => failure.hint("`cargo perfkit run` and then `cargo perfkit history add` begin one, on the main branch"),
            false => failure.hint("restore the file from version control; nothing of it was changed"),
        }
        .into());
    }
    Ok((histories, stored.history))
}

fn entries(history: &History) -> String {
    match history.entries.len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn open(global: &Global) -> anyhow::Result<(Workspace, Histories)> {
    let workspace = Workspace::load(global)?;
    let (settings, _) = settings::load(&workspace.root)?;
    let histories = Histories {
        folder: workspace.root.join(&settings.history),
        target: rustc::ask()?.triple(None, &workspace.root),
    };
    Ok((workspace, histories))
}
