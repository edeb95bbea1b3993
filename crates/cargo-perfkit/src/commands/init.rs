//! `cargo perfkit init`: a first workload in the user's own workspace.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::Package;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use crate::cli::{Global, InitArgs};
use crate::failure::{Exit, Failure};
use crate::workspace::{Workspace, unknown};
use crate::{progress, store};

/// The workload to begin with. It compiles in any package.
const TEMPLATE: &str = include_str!("../topics/first_workload.rs.txt");

/// Runs the command.
pub(crate) fn init(global: &Global, args: &InitArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::load(global)?;
    let package = choose(&workspace, args.package.as_deref())?;
    let manifest = package.manifest_path.as_std_path();
    let folder = manifest.parent().context("a manifest lies in a folder")?;
    let bench = folder.join("benches").join(format!("{}.rs", args.name));
    if !args
        .name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        || args.name.is_empty()
    {
        return Err(
            Failure::usage(format!("`{}` cannot name a bench target", args.name))
                .hint("use ASCII letters, digits, `-` and `_`")
                .into(),
        );
    }
    if bench.exists()
        || package
            .targets
            .iter()
            .any(|target| target.is_bench() && target.name == args.name)
    {
        return Err(
            Failure::usage(format!("the bench target `{}` exists already", args.name))
                .hint("give another one with `--name`")
                .into(),
        );
    }
    let text = std::fs::read_to_string(manifest)
        .with_context(|| format!("failed to read {}", manifest.display()))?;
    let edited = edit(&text, args, folder)?;
    if args.dry_run {
        return super::print(&format!(
            "# {}\n{edited}\n# {}\n{TEMPLATE}",
            manifest.display(),
            bench.display()
        ));
    }
    store::write_whole(&bench, |writer| Ok(writer.write_all(TEMPLATE.as_bytes())?))?;
    store::write_whole(manifest, |writer| Ok(writer.write_all(edited.as_bytes())?))?;
    progress::status(
        "Added",
        &format!("perfkit to the dev-dependencies in {}", manifest.display()),
    );
    progress::status("Added", &format!("a first workload in {}", bench.display()));
    progress::status(
        "Next",
        "`cargo perfkit run`, then put your own code into the workload",
    );
    Ok(Exit::Pass)
}

fn choose<'a>(workspace: &'a Workspace, wanted: Option<&str>) -> anyhow::Result<&'a Package> {
    let members = workspace.members();
    let names = || members.iter().map(|package| package.name.as_str());
    match (wanted, members.as_slice()) {
        (Some(wanted), _) => match members.iter().find(|package| package.name == wanted) {
            Some(package) => Ok(package),
            None => Err(unknown("package", wanted, names()).into()),
        },
        (None, [package]) => Ok(package),
        (None, _) => {
            let here = std::env::current_dir().unwrap_or_default();
            let inside = members.iter().find(|package| {
                package
                    .manifest_path
                    .parent()
                    .is_some_and(|folder| folder.as_std_path() == here)
            });
            inside.copied().ok_or_else(|| {
                Failure::usage("this workspace has several packages")
                    .hint(format!(
                        "name one with `--package`: {}",
                        names().collect::<Vec<_>>().join(", ")
                    ))
                    .into()
            })
        }
    }
}

/// The manifest with the dependency and the bench target, everything else as it was.
fn edit(text: &str, args: &InitArgs, folder: &Path) -> anyhow::Result<String> {
    let mut document: DocumentMut = text
        .parse()
        .context("failed to understand the package's Cargo.toml")?;
    let dependencies = document
        .entry("dev-dependencies")
        .or_insert_with(|| Item::Table(Table::new()));
    let table = dependencies
        .as_table_like_mut()
        .context("`dev-dependencies` in Cargo.toml is no table")?;
    if !table.contains_key("perfkit") {
        table.insert("perfkit", dependency(args, folder)?);
    }
    let benches = document
        .entry("bench")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let mut bench = Table::new();
    bench.insert("name", value(&args.name));
    bench.insert("harness", value(false));
    benches
        .as_array_of_tables_mut()
        .context("`bench` in Cargo.toml is no array of tables")?
        .push(bench);
    Ok(document.to_string())
}

fn dependency(args: &InitArgs, folder: &Path) -> anyhow::Result<Item> {
    let mut table = InlineTable::new();
    if let Some(path) = &args.path {
        let library = library(path)?;
        let relative = relative(&library, folder);
        table.insert("path", relative.display().to_string().into());
    } else if let Some(git) = &args.git {
        table.insert("git", git.clone().into());
    } else {
        return Ok(value(env!("CARGO_PKG_VERSION")));
    }
    Ok(value(table))
}

/// The library's folder: the one given, or `crates/perfkit` in a checkout of perfkit.
fn library(path: &Path) -> anyhow::Result<PathBuf> {
    let is_library = |folder: &Path| {
        std::fs::read_to_string(folder.join("Cargo.toml"))
            .ok()
            .and_then(|text| text.parse::<toml::Table>().ok())
            .is_some_and(|manifest| {
                manifest
                    .get("package")
                    .and_then(|package| package.get("name")?.as_str())
                    == Some("perfkit")
            })
    };
    [path.to_owned(), path.join("crates/perfkit")]
        .into_iter()
        .find(|folder| is_library(folder))
        .and_then(|folder| folder.canonicalize().ok())
        .ok_or_else(|| {
            Failure::usage(format!("{} holds no perfkit", path.display()))
                .hint("give the folder of a perfkit checkout, or of its `crates/perfkit`")
                .into()
        })
}

/// `library` as seen from `folder`.
fn relative(library: &Path, folder: &Path) -> PathBuf {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let shared = library
        .components()
        .zip(folder.components())
        .take_while(|(left, right)| left == right)
        .count();
    let up = folder
        .components()
        .skip(shared)
        .map(|_| std::path::Component::ParentDir);
    up.chain(library.components().skip(shared)).collect()
}
