//! `cargo perfkit report`: a stored run again, in any format.

use perfkit_model::metric::METRICS;
use perfkit_model::run::Run;
use perfkit_report::{Selection, View};

use crate::baselines::Baselines;
use crate::cli::{Format, Global, ReportArgs};
use crate::commands::run::{base, judge};
use crate::failure::{Exit, Failure};
use crate::history::Past;
use crate::workspace::{Workspace, unknown};
use crate::{progress, rendered, settings, store};

/// Runs the command.
pub(crate) fn report(global: &Global, args: &ReportArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::load(global)?;
    if args.list {
        let names = store::runs(&workspace);
        return super::print(
            &names
                .iter()
                .map(|name| format!("{name}\n"))
                .collect::<String>(),
        );
    }
    let (settings, policy) = settings::load(&workspace.root)?;
    let run = store::load_run(&workspace, args.run.as_deref())?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: run.environment.target.clone(),
    };
    let base = base(&baselines, args.baseline.as_deref(), &settings)?;
    let comparison = judge(base.as_ref(), &run, &policy);
    let past = Past::of(&workspace, &settings, &run);
    let view = View {
        run: &run,
        base: base.as_ref().map(|(_, run)| run),
        comparison: &comparison,
        trend: past.as_ref().map(Past::trend),
    };

    let Some(format) = args.format else {
        let _lock = store::lock(&workspace)?;
        let page = rendered::write_all(&workspace, &view)?;
        if args.open {
            rendered::open(&page);
        }
        return super::print(&format!("{}\n", page.display()));
    };
    let selection = selection(&run, args)?;
    let mut bytes = Vec::new();
    rendered::render(
        format,
        &view,
        selection,
        progress::colours(global),
        &mut bytes,
    )?;
    match &args.output {
        Some(path) => {
            store::write_whole(path, |writer| Ok(writer.write_all(&bytes)?))?;
            progress::status("Wrote", &path.display().to_string());
            Ok(Exit::Pass)
        }
        None => super::print_bytes(&bytes),
    }
}

/// The case and metric to draw.
fn selection<'a>(run: &'a Run, args: &'a ReportArgs) -> anyhow::Result<Option<Selection<'a>>> {
    if !matches!(
        args.format,
        Some(Format::Folded | Format::Svg | Format::Pprof)
    ) {
        return Ok(None);
    }
    if !METRICS.iter().any(|metric| metric.id == args.metric) {
        return Err(unknown(
            "metric",
            &args.metric,
            METRICS.iter().map(|metric| metric.id),
        )
        .into());
    }
    let names: Vec<String> = run.cases.iter().map(|case| case.id.to_string()).collect();
    let wanted = args.case.as_deref().unwrap_or_default();
    let case = run
        .cases
        .iter()
        .zip(&names)
        .find(|(_, name)| name.contains(wanted))
        .map(|(case, _)| case);
    let Some(case) = case else {
        return Err(unknown("case", wanted, names.iter().map(String::as_str)).into());
    };
    if case.stacks.column(&args.metric).is_none() && args.format != Some(Format::Pprof) {
        let taken: Vec<&str> = case
            .stacks
            .columns
            .iter()
            .map(|column| column.metric.as_str())
            .collect();
        return Err(
            Failure::usage(format!("{} has no stacks of `{}`", case.id, args.metric))
                .hint(match taken.as_slice() {
                    [] => "this run took no stacks; run again with `--lens cpu,heap,memcpy`"
                        .to_owned(),
                    taken => format!("it has: {}", taken.join(", ")),
                })
                .into(),
        );
    }
    Ok(Some(Selection {
        case: &case.id,
        metric: &args.metric,
    }))
}
