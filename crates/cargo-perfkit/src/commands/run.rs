//! `cargo perfkit run`: build, measure, compare, report.

use std::collections::BTreeSet;

use anyhow::Context as _;
use perfkit_compare::policy::limits::Percent;
use perfkit_compare::policy::{Policy, RuleId};
use perfkit_compare::rules::RULES;
use perfkit_compare::{Side, SideKind};
use perfkit_model::comparison::{Comparison, Verdict};
use perfkit_model::run::Run;
use perfkit_report::View;

use crate::baselines::Baselines;
use crate::cli::{Global, RunArgs};
use crate::failure::{Exit, Failure};
use crate::history::Past;
use crate::matrix::{self, Cell};
use crate::plan::Choice;
use crate::session::{self, Home, Opening, Session};
use crate::settings::Settings;
use crate::{measure, plan, progress, rendered, rustc, settings, store};

/// Runs the command.
pub(crate) fn run(global: &Global, args: &RunArgs) -> anyhow::Result<Exit> {
    let (workspace, rustc) = session::ask(global)?;
    let (settings, policy) = settings::load(&workspace.root)?;
    let policy = with_threshold(policy, args.noise_threshold)?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: rustc.triple(args.select.build.target.as_deref(), &workspace.root),
    };
    // Before anything long: a mistyped name is told at once.
    plan::passes(&args.lens)?;
    if let Some(name) = &args.save_baseline {
        crate::baselines::check_name(name)?;
    }
    rendered::check_whole(args.format)?;
    let base = match base(&baselines, args.baseline.as_deref(), &settings) {
        // What is measured under other settings has no counterpart in a baseline, unless somebody says so.
        _ if !args.matrix.is_empty() && args.baseline.is_none() => None,
        // It is saved anew, which is what its error advises.
        Err(error) if args.baseline.is_none() && replaces(args, &settings.baseline) => {
            progress::warn(&format!("nothing is compared: {error:#}"));
            None
        }
        base => base?,
    };
    let _lock = store::lock(&workspace)?;
    let home = Home {
        workspace: &workspace,
        settings: &settings,
        rustc: &rustc,
    };
    let (run, missing) = measured(home, args)?;
    store::save_run(&workspace, &run, settings.keep_runs)?;

    let mut comparison = judge(base.as_ref(), &run, &policy);
    comparison.remarks.extend(missing);
    let past = Past::of(&workspace, &settings, &run);
    let view = View {
        run: &run,
        base: base.as_ref().map(|(_, run)| run),
        comparison: &comparison,
        trend: past.as_ref().map(Past::trend),
    };
    let page = rendered::write_all(&workspace, &view)?;
    let mut text = Vec::new();
    rendered::render(
        args.format,
        &view,
        None,
        progress::colours(global),
        &mut text,
    )?;
    super::print(&String::from_utf8_lossy(&text))?;
    if let Some(name) = &args.save_baseline {
        let path = baselines.of(&run).save(name, &run)?;
        progress::status("Saved", &format!("baseline `{name}` in {}", path.display()));
    }
    progress::status("Report", &page.display().to_string());
    if args.open {
        rendered::open(&page);
    }
    Ok(exit(&run, &comparison, args.gate))
}

/// Builds, measures and names; nothing is judged yet. Also says which cells of a matrix are not available.
fn measured(home: Home<'_>, args: &RunArgs) -> anyhow::Result<(Run, Vec<String>)> {
    let all = matrix::cells(&args.matrix, home.settings)?;
    let mut cells = Vec::new();
    let mut missing = Vec::new();
    for cell in all {
        match &cell.setting.target {
            Some(triple) if !home.rustc.has(triple) => {
                let install = rustc::install(triple);
                missing.push(format!("not available: {}; {install}", cell.name));
            }
            _ => cells.push(cell),
        }
    }
    if cells.is_empty() {
        return Err(Failure::usage("no cell of the matrix is available")
            .hint(missing.join("; "))
            .into());
    }
    let targets: BTreeSet<&Option<String>> = cells.iter().map(|it| &it.setting.target).collect();
    if args.save_baseline.is_some() && targets.len() > 1 {
        return Err(
            Failure::usage("a baseline is for one target, and the matrix has several")
                .hint("save one for each: `--matrix libc=musl --save-baseline main`")
                .into(),
        );
    }
    for sentence in &missing {
        progress::warn(sentence);
    }
    let sessions = cells
        .iter()
        .map(|cell| Session::open(home, home.workspace, &args.select.build, cell))
        .collect::<anyhow::Result<Vec<Session<'_>>>>()?;
    let opening = Opening::now(home)?;
    let mut run =
        in_cells(&opening, &cells, &sessions, args).inspect_err(|_| opening.discard(home))?;
    let triples: BTreeSet<&str> = sessions.iter().map(|it| it.built.triple.as_str()).collect();
    if triples.len() > 1 {
        run.environment.target = triples.into_iter().collect::<Vec<_>>().join(", ");
        run.environment.libc = "several".to_owned();
    }
    Ok((run, missing))
}

/// One run of the cases of all cells.
fn in_cells(
    opening: &Opening,
    cells: &[Cell],
    sessions: &[Session<'_>],
    args: &RunArgs,
) -> anyhow::Result<Run> {
    let (mut cases, mut types, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, session) in cells.iter().zip(sessions) {
        let choice = Choice {
            filters: &args.select.filters,
            on_request: args.select.requests_all(),
            variants: &args.variant,
            lenses: &args.lens,
            runtime: cell.runtime.as_deref(),
        };
        let jobs = plan::jobs(&session.targets, &choice)?;
        left_out = plan::left_out(&session.targets, &choice);
        if !cell.name.is_empty() {
            progress::status("Cell", &cell.name);
        }
        // What passes write themselves has the names of cases, which are the same in every cell.
        let files = opening.files.join(cell.folder());
        std::fs::create_dir_all(&files)
            .with_context(|| format!("failed to create {}", files.display()))?;
        let manner = measure::Manner {
            files: &files,
            ..session.manner(opening, args.quick)
        };
        let taken = measure::take_all(&jobs, &manner)?;
        for mut case in session.name(taken, &jobs)? {
            case.id.variant = cell.variant(case.id.variant);
            cases.push(case);
        }
        if types.is_empty() && plan::reads_types(&args.lens) {
            types = session.large_types(&jobs);
        }
    }
    let session = sessions.first().context("a matrix has at least one cell")?;
    let mut run = Run {
        quick: args.quick,
        partial: is_partial(args),
        left_out,
        ..session.run(opening, cases, types)
    };
    // Their cells' names say what holds for some of the cases only.
    for name in cells.iter().flat_map(|cell| cell.setting.variables.keys()) {
        if cells.len() > 1 {
            run.environment.variables.remove(name);
        }
    }
    Ok(run)
}

/// Whether nothing of this baseline will be left.
fn replaces(args: &RunArgs, baseline: &str) -> bool {
    args.save_baseline.as_deref() == Some(baseline) && !is_partial(args)
}

/// Whether the command line chose some of the workloads, or some of what there is to see of them.
fn is_partial(args: &RunArgs) -> bool {
    let select = &args.select;
    !(select.filters.is_empty()
        && select.build.package.is_empty()
        && select.build.bench.is_empty()
        && args.variant.is_empty()
        && args.matrix.is_empty())
}

/// The baseline to compare with. One that was asked for by name has to be there.
#[tracing::instrument(level = "info", skip_all)]
pub(super) fn base(
    baselines: &Baselines,
    wanted: Option<&str>,
    settings: &Settings,
) -> anyhow::Result<Option<(String, Run)>> {
    let name = wanted.unwrap_or(&settings.baseline);
    if wanted.is_none() && !baselines.path(name).exists() {
        return Ok(None);
    }
    Ok(Some((name.to_owned(), baselines.load(name)?)))
}

/// Compares where there is something to compare with.
#[tracing::instrument(level = "info", skip_all)]
pub(super) fn judge(base: Option<&(String, Run)>, run: &Run, policy: &Policy) -> Comparison {
    let head = Side {
        name: "this run".to_owned(),
        kind: SideKind::Measured,
        run,
    };
    match base {
        Some((name, base)) => {
            let base = Side {
                name: format!("baseline {name}"),
                kind: SideKind::Baseline,
                run: base,
            };
            perfkit_compare::compare(&base, &head, policy)
        }
        None => perfkit_compare::examine(&head),
    }
}

fn exit(run: &Run, comparison: &Comparison, gate: bool) -> Exit {
    let failed = run.failures().next().is_some();
    match &comparison.verdict {
        Verdict::Regressed => Exit::Regressed,
        _ if failed => Exit::Failed,
        Verdict::NotJudged { .. } if gate => Exit::NotJudged,
        Verdict::Pass | Verdict::NotJudged { .. } => Exit::Pass,
    }
}

/// Sets the relative limit of every rule.
pub(super) fn with_threshold(mut policy: Policy, percent: Option<f64>) -> anyhow::Result<Policy> {
    let Some(percent) = percent else {
        return Ok(policy);
    };
    let soft: Percent = format!("{percent} %").parse().map_err(|error| {
        Failure::usage(format!("{percent} is no noise threshold: {error}"))
            .hint("it is a percentage from 0 up, as in `--noise-threshold 2`")
    })?;
    for rule in RULES {
        policy
            .rules
            .entry(RuleId::try_from(rule.id)?)
            .or_default()
            .soft = Some(soft);
    }
    Ok(policy)
}
