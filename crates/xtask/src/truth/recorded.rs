//! What a measurement of the pairs came to, kept in the repository: rules can be held against it within seconds.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use perfkit_compare::because::join_types;
use perfkit_compare::policy::Policy;
use perfkit_compare::{Side, SideKind};
use perfkit_model::comparison::{Comparison, Verdict};
use perfkit_model::lint::{Lint, TypeFinding};
use perfkit_model::run::{CaseId, Run};
use perfkit_model::stacks::Stacks;
use serde::{Deserialize, Serialize};

use crate::truth::expect::Pair;
use crate::truth::outcome::Outcome;
use crate::truth::{Control, Report, SEEDED, report};

/// The file, relative to the folder of the pairs.
const FILE: &str = "recorded.json.gz";

/// A measurement of all pairs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// The before sides.
    base: Stored,
    /// The after sides.
    head: Stored,
    /// What the types of the two builds say.
    types: Vec<TypeFinding>,
    /// What was found where nothing changed.
    pub(crate) controls: Vec<Control>,
    /// What measuring took.
    pub(crate) took: Duration,
}

/// A run with its stacks.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    run: Run,
    stacks: Vec<(CaseId, Stacks)>,
}

impl Recorded {
    /// What a comparison in this workspace left behind.
    pub(crate) fn of(
        report: &Report,
        home: &Path,
        controls: Vec<Control>,
        took: Duration,
    ) -> anyhow::Result<Self> {
        let runs = home.join("target/perfkit/runs");
        let mut sessions = report.run.cases.iter().flat_map(|case| &case.interleaved);
        let base = sessions.next().context("nothing was timed")?;
        Ok(Self {
            base: Stored::read(&runs.join(&base.base))?,
            head: Stored::read(&runs.join(&report.run.id))?,
            types: types(&report.comparison),
            controls,
            took,
        })
    }

    /// Reads the one of the repository.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let path = path(root);
        let file =
            File::open(&path).with_context(|| format!("failed to read {}", path.display()))?;
        serde_json::from_reader(BufReader::new(GzDecoder::new(file)))
            .with_context(|| format!("failed to understand {}", path.display()))
    }

    /// Puts it into the repository.
    pub(crate) fn write(&self, root: &Path) -> anyhow::Result<()> {
        let path = path(root);
        let write = || -> anyhow::Result<()> {
            let file = BufWriter::new(File::create(&path)?);
            let mut encoder = GzEncoder::new(file, Compression::best());
            serde_json::to_writer(&mut encoder, self)?;
            Ok(encoder.finish()?.flush()?)
        };
        write().with_context(|| format!("failed to write {}", path.display()))
    }

    /// What today's rules say of it.
    pub(crate) fn compare(&self) -> Comparison {
        let (base, head) = (self.base.run(), self.head.run());
        let mut comparison = compare(&base, &head);
        let lint = Lint {
            verdict: Verdict::Pass,
            findings: self.types.clone(),
            ..Lint::default()
        };
        join_types(&mut comparison, lint);
        comparison
    }

    /// The table, and what falls short of what is promised.
    pub(crate) fn table(&self, pairs: &[Pair]) -> (String, Option<String>) {
        let comparison = self.compare();
        let outcomes: Vec<Outcome> = pairs
            .iter()
            .map(|pair| Outcome::of(pair, &comparison))
            .collect();
        let text = report::render(&outcomes, &self.controls, &self.head.run, self.took);
        (text, report::shortfall(&outcomes, &self.controls))
    }
}

impl Stored {
    /// A run in its folder.
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let read = || -> anyhow::Result<Self> {
            let run = BufReader::new(File::open(folder.join("run.json"))?);
            let stacks = GzDecoder::new(File::open(folder.join("stacks.json.gz"))?);
            Ok(Self {
                run: serde_json::from_reader(run)?,
                stacks: serde_json::from_reader(BufReader::new(stacks))?,
            })
        };
        read().with_context(|| format!("failed to read the run in {}", folder.display()))
    }

    /// The run, whole.
    fn run(&self) -> Run {
        let mut run = self.run.clone();
        for case in &mut run.cases {
            let stacks = self.stacks.iter().find(|(id, _)| *id == case.id);
            case.stacks = stacks.map_or_else(Stacks::default, |(_, stacks)| stacks.clone());
        }
        run
    }
}

fn path(root: &Path) -> PathBuf {
    root.join(SEEDED).join(FILE)
}

fn compare(base: &Run, head: &Run) -> Comparison {
    let side = |name: &str, run| Side {
        name: name.to_owned(),
        kind: SideKind::Measured,
        run,
    };
    perfkit_compare::compare(
        &side("before", base),
        &side("after", head),
        &Policy::default(),
    )
}

/// All that was said of types: as findings, and as the reasons of others.
fn types(comparison: &Comparison) -> Vec<TypeFinding> {
    let reasons = comparison
        .findings
        .iter()
        .flat_map(|finding| &finding.because);
    let mut types: Vec<TypeFinding> = Vec::new();
    for finding in comparison.types.iter().chain(reasons) {
        let message = finding.message.strip_prefix("likely ");
        let finding = TypeFinding {
            message: message.unwrap_or(&finding.message).to_owned(),
            ..finding.clone()
        };
        if !types.contains(&finding) {
            types.push(finding);
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::expect;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn the_rules_keep_their_promise() {
        let recorded = Recorded::read(&root()).unwrap();
        let pairs = expect::read(&root().join(SEEDED), &[]).unwrap();
        let (text, shortfall) = recorded.table(&pairs);
        assert_eq!(shortfall, None, "{text}");
    }

    #[test]
    fn a_side_and_itself_are_the_same() {
        let recorded = Recorded::read(&root()).unwrap();
        for stored in [&recorded.base, &recorded.head] {
            let run = stored.run();
            let comparison = compare(&run, &run);
            assert_eq!(comparison.findings, []);
            assert!(comparison.rows.len() > 10 * run.cases.len());
        }
    }
}
