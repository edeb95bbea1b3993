//! The types of built programs, out of their debug info.

use perfkit_debuginfo::types::{self, Options, ReadError};
use perfkit_model::layout::TypeTable;

use crate::build::Executable;
use crate::failure::Failure;
use crate::workspace::Workspace;

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

fn explained(error: ReadError) -> anyhow::Error {
    let hint = error.hint();
    let failure = Failure::new(error.to_string());
    let failure = match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    failure.into()
}
