//! `cargo perfkit baseline`: save, list, show, remove.

use std::fmt::Write as _;

use crate::baselines::Baselines;
use crate::cli::Global;
use crate::failure::{Exit, counted};
use crate::workspace::Workspace;
use crate::{progress, rustc, settings, store};

/// Stores a run's values under a name.
pub(crate) fn save(global: &Global, name: &str, run: Option<&str>) -> anyhow::Result<Exit> {
    let (workspace, baselines) = open(global)?;
    let _lock = store::lock(&workspace)?;
    let run = store::load_run(&workspace, run)?;
    let baselines = baselines.of(&run);
    let path = baselines.save(name, &run)?;
    progress::status(
        "Saved",
        &format!("run {} as baseline `{name}` in {}", run.id, path.display()),
    );
    Ok(Exit::Pass)
}

/// Prints the names.
pub(crate) fn list(global: &Global) -> anyhow::Result<Exit> {
    let (_, baselines) = open(global)?;
    let (names, types) = (baselines.names(), baselines.names_of_types());
    if names.is_empty() && types.is_empty() {
        progress::status(
            "None",
            &format!(
                "no baseline for {}; `cargo perfkit run --save-baseline main` makes one",
                baselines.target
            ),
        );
    }
    let mut text = String::new();
    for name in names {
        // One that cannot be read is listed as well: it is there, and can be removed.
        let about = match baselines.load(&name) {
            Ok(run) => format!(
                "{}, saved {}, {}",
                counted(run.cases.len(), "case"),
                run.started,
                run.environment.rustc
            ),
            Err(error) => format!("cannot be read: {error}"),
        };
        let _ = writeln!(text, "{name}  {about}");
    }
    for name in types {
        let about = match baselines.load_types(&name) {
            Ok(types) => format!(
                "{}, saved {}, {}",
                counted(types.table.types.len(), "type"),
                types.saved,
                types.environment.rustc
            ),
            Err(error) => format!("cannot be read: {error}"),
        };
        let _ = writeln!(text, "{name}  {about}");
    }
    super::print(&text)
}

/// Prints the text file.
pub(crate) fn show(global: &Global, name: &str) -> anyhow::Result<Exit> {
    let (_, baselines) = open(global)?;
    // Loaded for its errors: a broken file is told as such.
    if !baselines.path(name).exists() && baselines.types_path(name).exists() {
        baselines.load_types(name)?;
        return super::print(&std::fs::read_to_string(baselines.types_path(name))?);
    }
    baselines.load(name)?;
    super::print(&std::fs::read_to_string(baselines.path(name))?)
}

/// Removes it.
pub(crate) fn remove(global: &Global, name: &str) -> anyhow::Result<Exit> {
    let (workspace, baselines) = open(global)?;
    let _lock = store::lock(&workspace)?;
    baselines.remove(name)?;
    progress::status("Removed", &format!("baseline `{name}`"));
    Ok(Exit::Pass)
}

fn open(global: &Global) -> anyhow::Result<(Workspace, Baselines)> {
    let workspace = Workspace::load(global)?;
    let (settings, _) = settings::load(&workspace.root)?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: rustc::ask()?.triple(None, &workspace.root),
    };
    Ok((workspace, baselines))
}
