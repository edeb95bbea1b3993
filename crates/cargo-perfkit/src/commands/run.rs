//! `cargo perfkit run`: build, measure, compare, report.

use std::path::Path;

use perfkit_compare::policy::limits::Percent;
use perfkit_compare::policy::{Policy, RuleId};
use perfkit_compare::rules::RULES;
use perfkit_compare::{Side, SideKind};
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::RUN_FORMAT;
use perfkit_model::comparison::{Comparison, Verdict};
use perfkit_model::layout::Piece;
use perfkit_model::run::Run;
use perfkit_report::View;

use crate::baselines::Baselines;
use crate::build::Executable;
use crate::child::Surroundings;
use crate::cli::{Format, Global, RunArgs};
use crate::failure::{Exit, Failure};
use crate::history::Past;
use crate::measure::Manner;
use crate::plan::Job;
use crate::settings::Settings;
use crate::symbols::Symbols;
use crate::workspace::Workspace;
use crate::{
    build, environment, measure, plan, progress, rendered, rustc, settings, store, targets,
    type_tables,
};

/// Runs the command.
pub(crate) fn run(global: &Global, args: &RunArgs) -> anyhow::Result<Exit> {
    // Cargo and the compiler take a tenth of a second each to answer.
    let (workspace, rustc) = std::thread::scope(|scope| {
        let rustc = scope.spawn(rustc::ask);
        (Workspace::load(global), rustc.join())
    });
    let workspace = workspace?;
    let rustc = rustc.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let (settings, policy) = settings::load(&workspace.root)?;
    let policy = with_threshold(policy, args.noise_threshold)?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: rustc.host.clone(),
    };
    // Before anything long: a mistyped name is told at once.
    plan::passes(&args.lens)?;
    if let Some(name) = &args.save_baseline {
        crate::baselines::check_name(name)?;
    }
    if matches!(args.format, Format::Folded | Format::Svg | Format::Pprof) {
        return Err(Failure::usage("`run` prints no single stacks")
            .hint("run first, then `cargo perfkit report --format svg --case NAME --metric memcpy.bytes`")
            .into());
    }
    let base = match base(&baselines, args.baseline.as_deref(), &settings) {
        // It is saved anew, which is what its error advises.
        Err(error) if args.baseline.is_none() && replaces(args, &settings.baseline) => {
            progress::warn(&format!("nothing is compared: {error:#}"));
            None
        }
        base => base?,
    };
    let _lock = store::lock(&workspace)?;
    let run = measured(&workspace, args, &settings, &rustc)?;
    store::save_run(&workspace, &run, settings.keep_runs)?;

    let comparison = judge(base.as_ref(), &run, &policy);
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
        let path = baselines.save(name, &run)?;
        progress::status("Saved", &format!("baseline `{name}` in {}", path.display()));
    }
    progress::status("Report", &page.display().to_string());
    if args.open {
        rendered::open(&page);
    }
    Ok(exit(&run, &comparison, args.gate))
}

/// Builds, measures and names; nothing is judged yet.
fn measured(
    workspace: &Workspace,
    args: &RunArgs,
    settings: &Settings,
    rustc: &rustc::Rustc,
) -> anyhow::Result<Run> {
    let packages = targets::benches(workspace, &args.select.build)?;
    let built = build::workloads(workspace, &packages, &args.select.build, settings, rustc)?;
    let (variables, recorded) = environment::variables(settings);
    let surroundings = Surroundings {
        variables,
        time_limit: std::time::Duration::from_secs(settings.time_limit),
    };
    let work = workspace.folder("work")?;
    let targets = measure::targets(&built.executables, &surroundings, &work)?;
    let jobs = plan::jobs(&targets, args)?;

    let now = jiff::Timestamp::now();
    let (id, files) = store::new_run(workspace, &now.strftime("%Y%m%d-%H%M%S").to_string())?;
    let manner = Manner {
        quick: args.quick,
        processors: settings.processors,
        surroundings: &surroundings,
        work: &work,
        files: &files,
    };
    let crates = WorkspaceCrates {
        root: workspace.root.clone(),
        members: workspace.crate_names(),
        dependencies: workspace.dependency_names(),
    };
    let symbols = Symbols {
        crates: &crates,
        folder: workspace.folder("symbols")?,
    };
    let cases = measure::cases(&jobs, &manner, &symbols).inspect_err(|_| discard(&files))?;
    let types = if plan::reads_types(&args.lens) {
        large_types(&jobs, workspace)
    } else {
        Vec::new()
    };
    Ok(Run {
        format: RUN_FORMAT,
        perfkit: env!("CARGO_PKG_VERSION").to_owned(),
        id,
        started: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        quick: args.quick,
        partial: is_partial(args),
        environment: environment::describe(workspace, settings, rustc, &built, recorded),
        cases,
        types,
    })
}

/// What the large types of the measured programs are made of. Where that cannot be read, all that was measured stands.
fn large_types(jobs: &[Job<'_>], workspace: &Workspace) -> Vec<Piece> {
    let mut executables: Vec<Executable> = jobs.iter().map(|job| job.executable.clone()).collect();
    executables.dedup();
    type_tables::largest(&executables, workspace)
        .inspect_err(|error| progress::warn(&format!("types are left out: {error:#}")))
        .unwrap_or_default()
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
        && args.variant.is_empty())
}

/// Removes the folder of a run that came to nothing.
fn discard(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!("{} was not removed: {error}", folder.display());
    }
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
fn with_threshold(mut policy: Policy, percent: Option<f64>) -> anyhow::Result<Policy> {
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
