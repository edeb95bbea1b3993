//! The two sides of all pairs as two workspaces.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::truth::expect::Pair;

/// Workspaces that can be compared.
#[derive(Debug)]
pub(crate) struct Sides {
    /// All before sides.
    pub(crate) base: PathBuf,
    /// All after sides, at a path of the same length.
    pub(crate) head: PathBuf,
    /// All before sides at a longer path.
    pub(crate) elsewhere: PathBuf,
    /// All before sides at another path, each with a function that nobody calls: the same code, linked anew.
    pub(crate) relinked: PathBuf,
}

/// Copies the sides of these pairs into workspaces under the target folder.
pub(crate) fn assemble(root: &Path, seeded: &Path, pairs: &[Pair]) -> anyhow::Result<Sides> {
    let target = root.join("target/truth");
    let sides = Sides {
        base: target.join("base"),
        head: target.join("head"),
        elsewhere: target.join("somewhere/else/far/away/base"),
        relinked: target.join("relinked"),
    };
    for (folder, side) in [
        (&sides.base, "before"),
        (&sides.head, "after"),
        (&sides.elsewhere, "before"),
        (&sides.relinked, "before"),
    ] {
        workspace(root, seeded, pairs, side, folder)
            .with_context(|| format!("failed to make the workspace {}", folder.display()))?;
    }
    for pair in pairs {
        let library = sides.relinked.join(&pair.name).join("src/lib.rs");
        let text = fs::read_to_string(&library)? + UNUSED;
        fs::write(library, text)?;
    }
    Ok(sides)
}

/// A function that nobody calls.
const UNUSED: &str = "
/// The middle of sorted values.
pub fn nobody_calls_this(values: &mut [u64]) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
";

/// One workspace. What was built in it before stays.
fn workspace(
    root: &Path,
    seeded: &Path,
    pairs: &[Pair],
    side: &str,
    to: &Path,
) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != "target" {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let manifest = fs::read_to_string(seeded.join("Cargo.toml"))?;
    let mut manifest: toml::Table = manifest.parse()?;
    let members = pairs.iter().map(|pair| pair.name.clone().into());
    let workspace = manifest
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut)
        .context("there is no [workspace]")?;
    workspace.insert("members".to_owned(), toml::Value::Array(members.collect()));
    // Paths of dependencies lead out of the folder of the pairs.
    let dependencies = workspace
        .get_mut("dependencies")
        .and_then(toml::Value::as_table_mut);
    for (_, dependency) in dependencies.into_iter().flatten() {
        let path = dependency.get("path").and_then(toml::Value::as_str);
        if let Some(path) = path.map(|path| seeded.join(path)) {
            let path = path.canonicalize()?.display().to_string();
            if let Some(table) = dependency.as_table_mut() {
                table.insert("path".to_owned(), path.into());
            }
        }
    }
    fs::write(to.join("Cargo.toml"), manifest.to_string())?;
    let lock = seeded.join("Cargo.lock");
    let lock = if lock.is_file() {
        lock
    } else {
        root.join("Cargo.lock")
    };
    fs::copy(lock, to.join("Cargo.lock"))?;
    for pair in pairs {
        copy(&pair.folder.join(side), &to.join(&pair.name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
