//! The instructions pass: a child under valgrind's callgrind, and what callgrind wrote.

mod dump;
mod stacks;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use perfkit_model::part::{CALLGRIND_REASON, Module, Part};

use dump::Dump;

/// Its metric, which is also the only column of its stacks.
const METRIC: &str = "instructions.count";
/// What valgrind calls the file of a process; a number is appended for each that is written on request.
const FILE: &str = "callgrind.out";
/// Callers by which callgrind tells contexts apart. Stacks of async code without its inlined frames are 20 to 40 deep.
const CALLERS: u32 = 64;

/// Why there is no pass where valgrind is missing.
pub(crate) const NOT_INSTALLED: &str = "valgrind is not installed; `apt-get install valgrind`";

/// `valgrind-3.19.0`, or `None` where there is no valgrind.
pub(crate) fn version() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The bench target under callgrind, which waits until the child asks it to count, and writes into `folder`.
pub(crate) fn command(executable: &Path, folder: &Path) -> Command {
    let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
    out_file.push(folder.join(FILE));
    let mut command = Command::new("valgrind");
    command
        // Nobody's configuration file has a say.
        .args(["--command-line-only=yes", "--quiet", "--tool=callgrind"])
        .args(["--instr-atstart=no", "--dump-instr=yes"])
        // Lines and inlined functions are the symboliser's business; names are not read at all.
        .args(["--dump-line=no", "--demangle=no"])
        .args(["--read-inline-info=no", "--read-var-info=no"])
        .arg(format!("--separate-callers={CALLERS}"))
        .arg(out_file)
        .arg(executable);
    command
}

/// Completes a part with what callgrind wrote into `folder`: the instructions of each iteration, and their stacks.
pub(crate) fn complete(part: &mut Part, folder: &Path) -> anyhow::Result<()> {
    let mut dumps = Vec::new();
    for path in files(folder)? {
        let file =
            File::open(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let dump = Dump::read(BufReader::new(file))
            .with_context(|| format!("failed to understand {}", path.display()))?;
        // The workload may have dumps of its own.
        if dump
            .reason
            .as_bytes()
            .ends_with(CALLGRIND_REASON.to_bytes())
        {
            dumps.push(dump);
        }
    }
    anyhow::ensure!(
        dumps.len() == part.iterations.len(),
        "callgrind wrote {} iterations of {}",
        dumps.len(),
        part.iterations.len()
    );
    let total = dumps
        .iter()
        .try_fold(0_u64, |sum, dump| sum.checked_add(dump.total));
    anyhow::ensure!(total.is_some(), "callgrind's counts are beyond all bounds");
    // No sum below is larger.
    let mut weights: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
    for (row, dump) in part.iterations.iter_mut().zip(&dumps) {
        row.insert(METRIC.to_owned(), dump.total as f64);
        let biases = biases(dump, &part.modules);
        part.truncated += stacks::add(dump, &biases, &mut weights);
    }
    part.columns = vec![METRIC.to_owned()];
    part.stacks = stacks::raw(weights);
    part.notes.extend(
        dumps
            .first()
            .map(|dump| format!("counted by {}", dump.creator)),
    );
    Ok(())
}

/// Files that were written on request, in the order of their numbers.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = BTreeMap::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name
            .strip_prefix(FILE)
            .and_then(|rest| rest.strip_prefix('.')?.parse::<u32>().ok());
        if let Some(number) = number {
            found.insert(number, entry.path());
        }
    }
    Ok(found.into_values().collect())
}

/// What to add to callgrind's addresses, which are those of the files, to get addresses of the process, by object.
/// callgrind resolves links in paths and the loader does not.
fn biases(dump: &Dump, modules: &[Module]) -> HashMap<u32, u64> {
    let resolved = |path: &str| std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let modules: HashMap<PathBuf, u64> = modules
        .iter()
        .map(|module| (resolved(&module.path), module.bias))
        .collect();
    dump.objects
        .iter()
        .filter_map(|(object, path)| Some((*object, *modules.get(&resolved(path))?)))
        .collect()
}
