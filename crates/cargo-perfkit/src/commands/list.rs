//! `cargo perfkit list`: the workloads, built and asked.

use std::fmt::Write as _;
use std::time::Duration;

use crate::child::Surroundings;
use crate::cli::{Global, SelectArgs};
use crate::failure::Exit;
use crate::workspace::Workspace;
use crate::{build, environment, measure, plan, rustc, settings, store};

/// Runs the command.
pub(crate) fn list(global: &Global, select: &SelectArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::load(global)?;
    let (settings, _) = settings::load(&workspace.root)?;
    let _lock = store::lock(&workspace)?;
    let packages = crate::targets::benches(&workspace, &select.build)?;
    let built = build::workloads(
        &workspace,
        &packages,
        &select.build,
        &settings,
        &rustc::ask()?,
    )?;
    let (variables, _) = environment::variables(&settings);
    let surroundings = Surroundings {
        variables,
        time_limit: Duration::from_secs(settings.time_limit),
    };
    let targets = measure::targets(
        &built.executables,
        &surroundings,
        &workspace.folder("work")?,
    )?;
    let mut text = String::new();
    for (executable, workload) in plan::select(&targets, &select.filters)? {
        let args: Vec<String> = workload.args.iter().map(u64::to_string).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}  ({}, {}:{}){}",
            workload.name,
            executable.package,
            workload.file,
            workload.line,
            if workload.on_request {
                ", on request"
            } else {
                ""
            }
        );
        for (word, values) in [
            ("variants", &workload.variants),
            ("args", &args),
            ("runtimes", &workload.runtimes),
        ] {
            if !values.is_empty() {
                let _ = writeln!(text, "    {word}: {}", values.join(", "));
            }
        }
    }
    super::print(&text)
}
