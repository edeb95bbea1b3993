//! The history of a branch: one file for each target, one line for each revision, in the order they were added.
//!
//! A line that cannot be read is reported and stays where it is: what a newer perfkit wrote, or a merge tore, is not
//! ours to throw away. Appending writes the file anew beside itself and renames it, so a kill leaves the old file or
//! the old file and a whole new line.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use perfkit_compare::history::steps;
use perfkit_model::history::{
    Entry, EntryCase, HISTORY_FORMAT, History, MAIN_METRICS, Series, Step,
};
use perfkit_model::metric::{self, Direction, Noise};
use perfkit_model::run::{Case, Run};
use perfkit_report::Trend;

use crate::failure::{Failure, counted};
use crate::settings::Settings;
use crate::workspace::{Workspace, create_folder};
use crate::{parallel, progress, store};

/// Bytes that are read, from the end: more than 3,000 revisions with 50 cases each.
const MOST_BYTES: u64 = 1 << 26;
/// Bytes of one line; that of a large workspace has some ten thousand.
const MOST_LINE: usize = 1 << 22;
/// Problems that are spelled out.
const MOST_PROBLEMS: usize = 5;

/// Where histories live, and for which target.
#[derive(Debug, Clone)]
pub(crate) struct Histories {
    /// Folder.
    pub(crate) folder: PathBuf,
    /// Target triple of this machine's builds.
    pub(crate) target: String,
}

/// What could be read of a history, and what could not.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Every entry that could be read.
    pub(crate) history: History,
    /// One sentence for each line that could not.
    pub(crate) problems: Vec<String>,
}

/// What to do with a revision that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Leave it and fail.
    Refuse,
    /// Put the new entry in its place.
    Replace,
}

impl Histories {
    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.jsonl", self.target))
    }

    /// Reads the history; an empty one where there is no file.
    pub(crate) fn load(&self) -> anyhow::Result<Stored> {
        let path = self.path();
        let failed = || {
            Failure::new(format!("failed to read {}", path.display()))
                .hint("check its permissions, or restore it from version control")
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Stored::default());
            }
            Err(error) => return Err(error).with_context(failed),
        };
        let length = file.metadata().with_context(failed)?.len();
        let left_out = length.saturating_sub(MOST_BYTES);
        file.seek(SeekFrom::Start(left_out)).with_context(failed)?;
        let mut text = Vec::new();
        file.take(MOST_BYTES)
            .read_to_end(&mut text)
            .with_context(failed)?;
        Ok(self.read(&text, left_out > 0))
    }

    /// Reads the lines. Of a text whose beginning was left out, the first one is no whole line.
    fn read(&self, text: &[u8], is_cut: bool) -> Stored {
        let mut stored = Stored::default();
        let mut revisions = HashSet::new();
        let mut lines = text.split(|byte| *byte == b'\n').enumerate();
        if is_cut {
            lines.next();
            stored
                .problems
                .push("it is too long, and what is oldest in it is left out".to_owned());
        }
        for (index, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let entry =
                self.entry(line)
                    .and_then(|entry| match revisions.insert(entry.revision.clone()) {
                        true => Ok(entry),
                        false => Err(format!(
                            "`{}` is there already, and the first one counts",
                            shown(&entry.revision)
                        )),
                    });
            match entry {
                Ok(entry) => stored.history.entries.push(entry),
                // Where the beginning is left out, nobody can count to a line.
                Err(problem) if is_cut => stored.problems.push(problem),
                Err(problem) => stored
                    .problems
                    .push(format!("line {}: {problem}", index + 1)),
            }
        }
        stored
    }

    fn entry(&self, line: &[u8]) -> Result<Entry, String> {
        /// Looked at first: the rest of a later format may be anything.
        #[derive(serde::Deserialize)]
        struct Format {
            format: u32,
        }
        if line.len() > MOST_LINE {
            return Err("it is too long for an entry".to_owned());
        }
        let format: Format =
            serde_json::from_slice(line).map_err(|_| "it is torn or no entry".to_owned())?;
        if format.format > HISTORY_FORMAT {
            return Err(format!(
                "it has format {}, and this perfkit reads up to {HISTORY_FORMAT}",
                format.format
            ));
        }
        let entry: Entry = serde_json::from_slice(line).map_err(|error| {
            let error = shown(&error.to_string());
            format!("it is no entry of format {}: {error}", format.format)
        })?;
        if entry.target != self.target {
            return Err(format!("it was measured for `{}`", shown(&entry.target)));
        }
        Ok(entry)
    }

    /// Adds an entry at the end, or in the place of the one with the same revision.
    pub(crate) fn add(&self, entry: &Entry, known: Known) -> anyhow::Result<PathBuf> {
        let path = self.path();
        create_folder(&self.folder, "or set `history` in perfkit.toml")?;
        // Two target directories may share a history, and the file itself is a new one after every renaming.
        let folder = File::open(&self.folder)
            .with_context(|| format!("failed to open {}", self.folder.display()))?;
        if let Err(error) = folder.lock() {
            progress::warn(&format!("no lock on {}: {error}", self.folder.display()));
        }
        store::sweep(&self.folder);
        let is_known = self
            .load()?
            .history
            .entries
            .iter()
            .any(|other| other.revision == entry.revision);
        if is_known && known == Known::Refuse {
            return Err(Failure::usage(format!(
                "the history has an entry of {} already",
                entry.revision
            ))
            .hint("add `--replace` to put this run in its place")
            .hint("or commit first, if this run measured something newer")
            .into());
        }
        let old = match File::open(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read {}", path.display()));
            }
        };
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        store::write_whole(&path, |writer| {
            match (old, is_known) {
                (Some(old), true) => replace(old, self, entry, &line, writer)?,
                (Some(mut old), false) => {
                    copy_lines(&mut old, writer)?;
                    writer.write_all(&line)?;
                }
                (None, _) => writer.write_all(&line)?,
            }
            Ok(())
        })?;
        Ok(path)
    }
}

/// Copies a file, and ends its last line where somebody else did not.
fn copy_lines(old: &mut File, writer: &mut dyn Write) -> anyhow::Result<()> {
    std::io::copy(old, writer)?;
    if old.stream_position()? > 0 {
        old.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        old.read_exact(&mut last)?;
        if last != *b"\n" {
            writer.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Copies all lines as they are, but the first with this revision, which the new line replaces.
fn replace(
    old: File,
    histories: &Histories,
    entry: &Entry,
    line: &[u8],
    writer: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut is_replaced = false;
    let mut old = BufReader::new(old);
    let mut text = Vec::new();
    while old.read_until(b'\n', &mut text)? > 0 {
        let is_it = !is_replaced
            && histories
                .entry(&text)
                .is_ok_and(|other| other.revision == entry.revision);
        is_replaced |= is_it;
        writer.write_all(if is_it { line } else { &text })?;
        if !is_it && !text.ends_with(b"\n") {
            writer.write_all(b"\n")?;
        }
        text.clear();
    }
    Ok(())
}

impl Stored {
    /// Says what could not be read.
    pub(crate) fn warn(&self, path: &Path) {
        let Some((first, others)) = self.problems.split_first() else {
            return;
        };
        progress::warn(&format!(
            "{} is not read whole, and the rest of it counts: {first}",
            path.display()
        ));
        for other in others.iter().take(MOST_PROBLEMS - 1) {
            progress::warn(&format!("and {other}"));
        }
        let more = self.problems.len().saturating_sub(MOST_PROBLEMS);
        if more > 0 {
            progress::warn(&format!("and {}", counted(more, "more problem")));
        }
    }
}

/// What a run says of its revision.
pub(crate) fn entry(run: &Run, revision: &str) -> Entry {
    Entry {
        format: HISTORY_FORMAT,
        revision: revision.to_owned(),
        time: run.started.clone(),
        rustc: run.environment.rustc.clone(),
        target: run.environment.target.clone(),
        processor: run.environment.processor.clone(),
        cases: run
            .cases
            .iter()
            .map(|case| entry_case(case, run.quick))
            .filter(|case| !(case.exact.is_empty() && case.median.is_empty()))
            .collect(),
    }
}

/// The values of a case that may be compared with others. Those of a shortened timing may not, and what is shown for
/// orientation only depends on more than the code.
fn entry_case(case: &Case, quick: bool) -> EntryCase {
    let mut values = EntryCase {
        id: case.id.clone(),
        ..EntryCase::default()
    };
    for (id, measurement) in &case.measurements {
        let Some(metric) =
            metric::metric(id).filter(|metric| metric.direction == Direction::LowerIsBetter)
        else {
            continue;
        };
        let is_short = quick && metric.noise == Noise::Noisy;
        if measurement.not_judged.is_some() || !measurement.value.is_finite() || is_short {
            continue;
        }
        let values = match measurement.noise {
            Noise::Exact => &mut values.exact,
            Noise::NearExact | Noise::Noisy => &mut values.median,
        };
        values.insert(id.clone(), measurement.value);
    }
    values
}

/// The steps of these series, in their order.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn steps_of(history: &History, series: &[Series]) -> Vec<Step> {
    parallel::map(series.iter().collect(), |series| steps(history, series))
        .into_iter()
        .flatten()
        .collect()
}

/// What reports show of the past of a run's cases.
#[derive(Debug)]
pub(crate) struct Past {
    history: History,
    steps: Vec<Step>,
}

impl Past {
    /// The history of the target that the run was made for. None where there is no history, and where it cannot be read:
    /// the run is reported all the same.
    pub(crate) fn of(workspace: &Workspace, settings: &Settings, run: &Run) -> Option<Self> {
        let histories = Histories {
            folder: workspace.root.join(&settings.history),
            target: run.environment.target.clone(),
        };
        let stored = histories
            .load()
            .inspect_err(|error| progress::warn(&format!("no trend is shown: {error:#}")))
            .ok()?;
        stored.warn(&histories.path());
        let history = stored.history;
        let cases = run.cases.iter().map(|case| &case.id);
        let series: Vec<Series> = cases
            .flat_map(|case| MAIN_METRICS.map(|metric| history.series(case, metric)))
            .collect();
        let steps = steps_of(&history, &series);
        (!history.entries.is_empty()).then_some(Self { history, steps })
    }

    /// As reports take it.
    pub(crate) fn trend(&self) -> Trend<'_> {
        Trend {
            history: &self.history,
            steps: &self.steps,
        }
    }
}

/// Words of a file for an error: short, and without what moves a cursor.
fn shown(words: &str) -> String {
    words
        .chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}
