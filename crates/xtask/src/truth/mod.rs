//! `cargo xtask truth`: the seeded pairs, measured by the command itself and held against what they are known to be.
//!
//! The before and the after sides of all pairs become two workspaces at paths of equal length. `cargo perfkit compare`
//! builds and measures both as it would anybody's, and its JSON report is all that is looked at.

pub(crate) mod expect;
mod outcome;
mod recorded;
mod report;
pub(crate) mod sides;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use perfkit_model::comparison::Comparison;
use perfkit_model::run::Run;
use serde::{Deserialize, Serialize};

use crate::generate::{self, Generated, Mode};
use crate::truth::recorded::Recorded;

/// Pairs, relative to the repository.
pub(crate) const SEEDED: &str = "workloads/seeded";

/// The table, relative to the repository.
const TABLE: &str = "reports/truth.md";

/// What the command says of two workspaces.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) run: Run,
    pub(crate) comparison: Comparison,
}

/// Measures the pairs, or those that are named; without names the measurement is kept and the table written.
pub(crate) fn truth(root: &Path, names: &[&str]) -> anyhow::Result<String> {
    let root = root
        .canonicalize()
        .with_context(|| format!("failed to open {}", root.display()))?;
    let pairs = expect::read(&root.join(SEEDED), names)?;
    let command = Command::build(&root)?;
    let sides = sides::assemble(&root, &root.join(SEEDED), &pairs)?;

    let home = &sides.head;
    let (compared, took) = command.compare(home, (&sides.base, &sides.head), &[])?;
    let measured = Recorded::of(&compared, home, controls(&command, &sides)?, took)?;
    let (text, shortfall) = measured.table(&pairs);
    if names.is_empty() {
        measured.write(&root)?;
        let path = root.join(TABLE);
        std::fs::write(&path, &text)
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    match shortfall {
        Some(shortfall) => bail!("{text}\n{shortfall}"),
        None => Ok(text),
    }
}

/// Measures again what must find nothing, and keeps what was measured of the pairs.
pub(crate) fn controls_again(root: &Path) -> anyhow::Result<String> {
    let root = root
        .canonicalize()
        .with_context(|| format!("failed to open {}", root.display()))?;
    let pairs = expect::read(&root.join(SEEDED), &[])?;
    let command = Command::build(&root)?;
    let sides = sides::assemble(&root, &root.join(SEEDED), &pairs)?;
    let mut recorded = Recorded::read(&root)?;
    recorded.controls = controls(&command, &sides)?;
    recorded.write(&root)?;
    generate::generate(&root, Mode::Write)
}

/// What today's rules say of the measurement in the repository.
pub(crate) fn table(root: &Path) -> anyhow::Result<Generated> {
    let pairs = expect::read(&root.join(SEEDED), &[])?;
    let (text, _) = Recorded::read(root)?.table(&pairs);
    Ok(Generated { path: TABLE, text })
}

/// What was found where nothing changed.
#[derive(Debug, Serialize, Deserialize)]
struct Control {
    /// What was compared.
    what: String,
    /// Cases that were compared.
    cases: usize,
    /// Findings, one line each.
    findings: Vec<String>,
}

/// Every side against itself, and the before sides against themselves at another path.
fn controls(command: &Command, sides: &sides::Sides) -> anyhow::Result<Vec<Control>> {
    let exact = ["--lens", "heap,memcpy,io,types"];
    let comparisons = [
        ("before against itself", &sides.base, &sides.base),
        ("after against itself", &sides.head, &sides.head),
        ("before at a longer path", &sides.base, &sides.elsewhere),
    ];
    comparisons
        .into_iter()
        .map(|(what, base, head)| {
            let (report, _) = command.compare(&sides.head, (base, head), &exact)?;
            let findings = report
                .comparison
                .findings
                .iter()
                .map(|finding| format!("{}: {}", finding.case, finding.message));
            let types = report.comparison.types.iter();
            Ok(Control {
                what: what.to_owned(),
                cases: report.run.cases.len(),
                findings: findings
                    .chain(types.map(|finding| finding.message.clone()))
                    .collect(),
            })
        })
        .collect()
}

/// The command in its release form.
#[derive(Debug)]
pub(crate) struct Command(PathBuf);

impl Command {
    /// Builds it.
    pub(crate) fn build(root: &Path) -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = process::Command::new(cargo)
            .args(["build", "--release", "--package", "cargo-perfkit"])
            .current_dir(root)
            .status()
            .context("failed to run cargo")?;
        if !status.success() {
            bail!("cargo-perfkit does not build");
        }
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self(target.join("release/cargo-perfkit")))
    }

    /// Compares two workspaces as a user would, from within one: all are built under its target folder, each once.
    pub(crate) fn compare(
        &self,
        home: &Path,
        (base, head): (&Path, &Path),
        arguments: &[&str],
    ) -> anyhow::Result<(Report, Duration)> {
        let started = Instant::now();
        let sides = ["compare", "--base"].map(OsStr::new);
        let sides = [
            &sides[..],
            &[base.as_ref(), "--head".as_ref(), head.as_ref()],
        ]
        .concat();
        let arguments = arguments.iter().map(OsStr::new);
        let all: Vec<&OsStr> = sides.into_iter().chain(arguments).collect();
        Ok((self.report(home, &all)?, started.elapsed()))
    }

    /// What the command reports when it is started in this folder.
    pub(crate) fn report(&self, home: &Path, arguments: &[&OsStr]) -> anyhow::Result<Report> {
        let output = process::Command::new(&self.0)
            .arg("perfkit")
            .args(arguments)
            .args(["--format", "json"])
            .current_dir(home)
            // What cargo tells xtask about itself is not about these workspaces.
            .env_remove("CARGO_TARGET_DIR")
            .stderr(process::Stdio::inherit())
            .output()
            .with_context(|| format!("failed to run {}", self.0.display()))?;
        // 0 no worse, 3 regressed, 4 not everything could be judged: all of them come with a report.
        if !matches!(output.status.code(), Some(0 | 3 | 4)) {
            bail!("`cargo perfkit` ended with {}", output.status);
        }
        serde_json::from_slice(&output.stdout).context("failed to read its report")
    }
}
