//! The types of built programs, out of their debug info.

use std::collections::BTreeSet;

use perfkit_compare::anatomy;
use perfkit_debuginfo::types::{self, Options, ReadError};
use perfkit_model::layout::{Piece, TypeLayout, TypeTable};

use crate::build::Executable;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Fewest bytes of a type where small ones are not asked for: what a chain leads down to may be smaller than what is
/// shown.
pub(crate) const LEAST_READ: u64 = 64;

/// Types of all executables, each once.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn read(
    executables: &[Executable],
    workspace: &Workspace,
    least: u64,
) -> anyhow::Result<TypeTable> {
    // One binary after the other: each is read by as many threads as there are processors.
    let options = Options {
        least,
        root: workspace.root.clone(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let mut table = TypeTable::default();
    for executable in executables {
        let types = types::read(&executable.path, &options).map_err(explained)?;
        table.types.extend(types.table.types);
    }
    table.settle();
    Ok(table)
}

/// Types that a run shows.
const MOST_SHOWN: usize = 16;
/// Fewest bytes of a type that a run shows.
const LEAST_SHOWN: u64 = 512;
/// A part below this share of the whole is too narrow to be seen.
const NARROWEST: u64 = 200;

/// What the largest types of the workspace's crates in these programs are made of.
pub(crate) fn largest(
    executables: &[Executable],
    workspace: &Workspace,
) -> anyhow::Result<Vec<Piece>> {
    let table = read(executables, workspace, LEAST_READ)?;
    let crates = workspace.crate_names();
    let types = table.types.iter();
    let mut own: Vec<&TypeLayout> = types
        .filter(|layout| crates.contains(&layout.krate) && layout.size >= LEAST_SHOWN)
        .collect();
    own.sort_by_key(|layout| std::cmp::Reverse(layout.size));
    // The same function with other arguments has the same parts.
    let mut seen = BTreeSet::new();
    own.retain(|layout| seen.insert((layout.simple_name().to_owned(), layout.size)));
    own.truncate(MOST_SHOWN);
    let piece = |layout: &&TypeLayout| anatomy::piece(&table, layout, layout.size / NARROWEST);
    Ok(own.iter().map(piece).collect())
}

fn explained(error: ReadError) -> anyhow::Error {
    let hint = error.hint();
    let failure = Failure::new(error.to_string());
    let failure = match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    failure.into()
}
