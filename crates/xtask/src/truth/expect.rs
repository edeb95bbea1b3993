//! What each pair is known to be.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// A pair and what it is known to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Its folder's name, which is that of its package and workload.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// What it is known to be.
    pub(crate) expected: Expected,
}

/// `expect.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// What the change does.
    pub(crate) change: String,
    /// Its class.
    pub(crate) class: String,
    /// What should be said of it.
    pub(crate) expect: Expectation,
    /// What has to be named.
    pub(crate) cause: Option<Cause>,
}

/// What should be said of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expectation {
    /// It made something worse.
    Regression,
    /// It made something worse to make something dearer better.
    TradeOff,
    /// Nothing.
    Silent,
    /// Nothing bad.
    Improvement,
}

/// What has to be named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cause {
    /// The lens that sees it; `tasks` where only that one could.
    pub(crate) lens: String,
    /// The metric it is seen in, or the rule about types.
    pub(crate) metric: String,
    /// The function, type or dependency that carries it.
    pub(crate) symbol: String,
}

impl Expected {
    /// Whether only a lens that does not exist yet could see it.
    pub(crate) fn is_out_of_sight(&self) -> bool {
        self.cause
            .as_ref()
            .is_some_and(|cause| cause.lens == "tasks")
    }
}

/// All pairs, or those that are named.
pub(crate) fn read(folder: &Path, names: &[&str]) -> anyhow::Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to read {}", folder.display()))?;
    for entry in entries {
        let folder = entry.context("failed to read a folder")?.path();
        let file = folder.join("expect.toml");
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if !file.is_file() || !(names.is_empty() || names.contains(&&*name)) {
            continue;
        }
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let expected: Expected =
            toml::from_str(&text).with_context(|| format!("{} is wrong", file.display()))?;
        let is_named = matches!(
            expected.expect,
            Expectation::Regression | Expectation::TradeOff
        );
        if is_named != expected.cause.is_some() {
            bail!(
                "{}: a regression or trade-off has a cause, and nothing else has",
                file.display()
            );
        }
        pairs.push(Pair {
            name: name.into_owned(),
            expected,
            folder: folder.clone(),
        });
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| pairs.iter().all(|pair| pair.name != **name))
    {
        bail!("no pair is called `{unknown}`");
    }
    pairs.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(pairs)
}
