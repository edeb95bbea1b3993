//! `cargo perfkit types`: the anatomy of types and futures, out of the debug info of the built workloads.

use std::collections::BTreeSet;

use perfkit_compare::anatomy;
use perfkit_debuginfo::code_size;
use perfkit_model::layout::{TypeLayout, TypeTable};
use perfkit_report::types::{BinaryView, TypeView, TypesView};

use crate::build::Executable;
use crate::cli::{Global, TypesArgs, TypesFormat};
use crate::failure::{Exit, Failure};
use crate::workspace::Workspace;
use crate::{build, parallel, progress, rendered, rustc, settings, store, targets, type_tables};

/// Types shown as trees; more are a table.
const MOST_TREES: usize = 8;

/// Runs the command.
pub(crate) fn types(global: &Global, args: &TypesArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::load(global)?;
    let (settings, _) = settings::load(&workspace.root)?;
    let _lock = store::lock(&workspace)?;
    let kinds = args.targets.kinds(&settings);
    let packages = targets::programs(&workspace, &args.build, kinds)?;
    let rustc = rustc::ask()?;
    let built = build::programs(&workspace, &packages, &args.build, &settings, &rustc)?;
    let table = type_tables::read(
        &built.executables,
        &workspace,
        args.min_size.min(type_tables::LEAST_READ),
    )?;
    let own = workspace.crate_names();
    let view = view(&table, args, &own, &built.executables);
    if view.types.is_empty() {
        return Err(nothing(&table, args, &own).into());
    }
    let mut text = Vec::new();
    let options = rendered::terminal_options(progress::colours(global));
    match args.format {
        TypesFormat::Json => perfkit_report::types::json(&view, &mut text)?,
        TypesFormat::Terminal if args.pattern.is_some() && view.types.len() <= MOST_TREES => {
            perfkit_report::types::trees(&view, &options, &mut text)?;
        }
        TypesFormat::Terminal => perfkit_report::types::table(&view, &options, &mut text)?,
    }
    super::print_bytes(&text)
}

fn view(
    table: &TypeTable,
    args: &TypesArgs,
    own: &BTreeSet<String>,
    executables: &[Executable],
) -> TypesView {
    let mut chosen: Vec<&TypeLayout> = table
        .types
        .iter()
        .filter(|layout| layout.size >= args.min_size)
        .filter(|layout| args.all || own.contains(&layout.krate))
        .filter(|layout| !args.futures || layout.kind.is_future())
        .filter(|layout| matches(layout, args.pattern.as_deref()))
        .collect();
    chosen.sort_by_key(|layout| std::cmp::Reverse(layout.size));
    let limit = if args.limit == 0 {
        chosen.len()
    } else {
        args.limit
    };
    let left_out = chosen.len().saturating_sub(limit);
    chosen.truncate(limit);
    let binaries = executables.iter().collect();
    TypesView {
        types: chosen
            .into_iter()
            .map(|layout| TypeView {
                layout: layout.clone(),
                chain: anatomy::chain(table, layout),
                outlier: anatomy::outlier(layout),
                held_twice: anatomy::held_twice(layout),
            })
            .collect(),
        left_out,
        binaries: parallel::map(binaries, binary)
            .into_iter()
            .flatten()
            .collect(),
    }
}

/// Also without the modules in its generic arguments, as names are shown.
fn matches(layout: &TypeLayout, pattern: Option<&str>) -> bool {
    let Some(pattern) = pattern else { return true };
    layout.name.contains(pattern)
        || perfkit_model::layout::with_short_arguments(&layout.name).contains(pattern)
}

fn binary(executable: &Executable) -> Option<BinaryView> {
    let sizes = code_size::read(&executable.path).ok()?;
    Some(BinaryView {
        name: executable.target.clone(),
        file: sizes.file,
        code: sizes.code,
        crates: sizes.crates,
    })
}

fn nothing(table: &TypeTable, args: &TypesArgs, own: &BTreeSet<String>) -> Failure {
    let what = match &args.pattern {
        Some(pattern) => format!(
            "no type of at least {} B has a name with `{pattern}`",
            args.min_size
        ),
        None => format!("there is no type of at least {} B", args.min_size),
    };
    let failure = Failure::new(what);
    let elsewhere = |layout: &&TypeLayout| {
        !own.contains(&layout.krate) && matches(layout, args.pattern.as_deref())
    };
    let failure = if !args.all && table.types.iter().any(|layout| elsewhere(&layout)) {
        failure.hint("dependencies have some: `--all` shows them")
    } else {
        failure
    };
    failure
        .hint("`--min-size 0` shows small ones, too")
        .hint("what no built workload uses is not in a binary: a type has to be made, a future to be polled")
}
