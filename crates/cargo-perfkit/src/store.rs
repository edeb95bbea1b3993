//! Files under `target/perfkit`: runs, reports, the lock. Every file is whole or absent.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use perfkit_model::RUN_FORMAT;
use perfkit_model::run::{CaseId, Run};
use perfkit_model::stacks::Stacks;

use crate::failure::{Failure, nearest};
use crate::workspace::{Workspace, create_folder};
use crate::{interrupt, progress};

const RUN_FILE: &str = "run.json";
/// Begins the names of files that are being written.
const PARTIAL: &str = ".partial-";
/// How often a waiting process looks whether it is its turn.
const TICK: Duration = Duration::from_millis(50);
const STACKS_FILE: &str = "stacks.json.gz";

/// Keeps a second `cargo perfkit` in this workspace waiting while it lives.
#[derive(Debug)]
pub(crate) struct Lock(
    #[expect(dead_code, reason = "held for its lock, which ends with the file")] File,
);

/// Waits for other `cargo perfkit` processes: two at once would measure each other.
pub(crate) fn lock(workspace: &Workspace) -> anyhow::Result<Lock> {
    let path = workspace.folder("")?.join(".lock");
    let file = File::create(&path).with_context(|| cannot_write(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress::status(
                "Waiting",
                "for another cargo perfkit in this workspace: two at once would measure each other",
            );
            // Asked again and again: a process that waits inside `lock` does not hear of Ctrl-C.
            while matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                if interrupt::requested() {
                    return Err(Failure::new(
                        "interrupted while waiting for another cargo perfkit",
                    )
                    .hint("nothing was measured; run it again")
                    .into());
                }
                std::thread::sleep(TICK);
            }
        }
        Err(TryLockError::Error(error)) => {
            // Some network file systems have no locks; measuring beside another run is the lesser evil.
            progress::warn(&format!("no lock on {}: {error}", path.display()));
        }
    }
    remove_leftovers(workspace);
    Ok(Lock(file))
}

/// Removes what killed processes left behind under `target/perfkit`.
fn remove_leftovers(workspace: &Workspace) {
    sweep(&workspace.target.join("report"));
    sweep(&workspace.target.join("symbols"));
    let folders = |name: &str| {
        let entries = std::fs::read_dir(workspace.target.join(name));
        entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    let runs = folders("runs").filter(|folder| !folder.join(RUN_FILE).is_file());
    for folder in runs.chain(folders("work")) {
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::warn!("{} was not removed: {error}", folder.display());
        }
    }
}

/// Removes half-written files from a folder. One that a living process writes is locked, and stays.
pub(crate) fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_partial = entry.file_name().to_string_lossy().starts_with(PARTIAL);
        let path = entry.path();
        if is_partial && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            // Somebody else may have been faster.
            drop(std::fs::remove_file(path));
        }
    }
}

/// Writes beside the file and renames: a kill at any moment leaves the old file or the new one.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder, "or write elsewhere")?;
    let mut beside = tempfile::Builder::new()
        .prefix(PARTIAL)
        .tempfile_in(folder)
        .with_context(|| cannot_write(path))?;
    // Tells `sweep` that its writer lives. Where there are no locks nothing is swept either.
    drop(beside.as_file().try_lock());
    let mut buffered = std::io::BufWriter::new(&mut beside);
    write(&mut buffered).with_context(|| cannot_write(path))?;
    buffered.flush().with_context(|| cannot_write(path))?;
    drop(buffered);
    beside
        .as_file()
        .sync_all()
        .with_context(|| cannot_write(path))?;
    set_ordinary_permissions(beside.as_file()).with_context(|| cannot_write(path))?;
    beside.persist(path).with_context(|| cannot_write(path))?;
    Ok(())
}

/// Temporary files are private to their owner; reports and baselines are not.
fn set_ordinary_permissions(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

fn cannot_write(path: &Path) -> Failure {
    Failure::new(format!("failed to write {}", path.display()))
        .hint("check the permissions of its folder and the free space; what was there before is untouched")
}

/// Stores a run and its stacks in a folder of its own, and removes the oldest runs beyond `keep`.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn save_run(workspace: &Workspace, run: &Run, keep: usize) -> anyhow::Result<PathBuf> {
    let folder = run_folder(workspace, &run.id)?;
    write_stacks(&folder.join(STACKS_FILE), run)?;
    // Written last: a folder with a run file is a whole run.
    write_whole(&folder.join(RUN_FILE), |writer| {
        Ok(serde_json::to_writer_pretty(writer, run)?)
    })?;
    let runs = runs(workspace);
    for old in runs.iter().take(runs.len().saturating_sub(keep.max(1))) {
        if let Err(error) = std::fs::remove_dir_all(workspace.target.join("runs").join(old)) {
            tracing::warn!("an old run was not removed: {error}");
        }
    }
    Ok(folder)
}

/// The folder of a run, made where it is missing.
fn run_folder(workspace: &Workspace, id: &str) -> anyhow::Result<PathBuf> {
    workspace.folder(&format!("runs/{id}"))
}

/// A name for a new run that begins with this time, and its empty folder. Two runs may begin in one second.
pub(crate) fn new_run(workspace: &Workspace, time: &str) -> anyhow::Result<(String, PathBuf)> {
    let mut id = time.to_owned();
    let mut number = 1;
    while workspace.target.join("runs").join(&id).exists() {
        number += 1;
        id = format!("{time}-{number}");
    }
    let folder = run_folder(workspace, &id)?;
    Ok((id, folder))
}

/// Whether a run of this workspace has been begun and not been stored.
pub(crate) fn is_new(workspace: &Workspace, id: &str) -> bool {
    let folder = workspace.target.join("runs").join(id);
    folder.is_dir() && !folder.join(RUN_FILE).exists()
}

/// Removes the folder of a run that came to nothing.
pub(crate) fn discard_run(workspace: &Workspace, id: &str) {
    let folder = workspace.target.join("runs").join(id);
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!("{} was not removed: {error}", folder.display());
    }
}

/// Names of the stored runs, oldest first.
pub(crate) fn runs(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(workspace.target.join("runs"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.path().join(RUN_FILE).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// Loads a run by its name or folder; the newest one without a name.
pub(crate) fn load_run(workspace: &Workspace, wanted: Option<&str>) -> anyhow::Result<Run> {
    let names = runs(workspace);
    let folder = match wanted {
        Some(path) if Path::new(path).join(RUN_FILE).is_file() => PathBuf::from(path),
        Some(name) if names.iter().any(|known| known == name) => {
            workspace.target.join("runs").join(name)
        }
        Some(name) => {
            let failure = Failure::usage(format!("no run is called `{name}`"));
            return Err(match nearest(name, names.iter().map(String::as_str)) {
                Some(known) => failure.hint(format!("did you mean `{known}`?")),
                None => failure.hint("`cargo perfkit report --list` lists the stored runs"),
            }
            .into());
        }
        None => {
            let newest = names.last().ok_or_else(|| {
                Failure::usage("there is no run yet").hint("`cargo perfkit run` makes one")
            })?;
            workspace.target.join("runs").join(newest)
        }
    };
    let path = folder.join(RUN_FILE);
    let text =
        std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut run: Run = parse_versioned(&text, &path)?;
    match read_stacks(&folder.join(STACKS_FILE)) {
        Ok(stacks) => attach(&mut run, stacks),
        Err(error) => progress::warn(&format!(
            "the run's stacks are missing, so causes are too: {error:#}"
        )),
    }
    Ok(run)
}

/// Parses a file of ours after looking at its version.
pub(crate) fn parse_versioned<T: serde::de::DeserializeOwned>(
    text: &[u8],
    path: &Path,
) -> anyhow::Result<T> {
    let broken = || {
        Failure::new(format!(
            "{} is damaged or no file of perfkit's",
            path.display()
        ))
        .hint("restore it from version control, or remove it and measure again")
    };
    let value: serde_json::Value = serde_json::from_slice(text).with_context(broken)?;
    check_format(
        value.get("format").and_then(serde_json::Value::as_u64),
        path,
    )?;
    serde_json::from_value(value).with_context(broken)
}

/// Refuses files of a later perfkit.
pub(crate) fn check_format(format: Option<u64>, path: &Path) -> anyhow::Result<()> {
    match format {
        Some(format) if format > u64::from(RUN_FORMAT) => Err(Failure::new(format!(
            "{} has format {format}; this perfkit reads up to {RUN_FORMAT}",
            path.display()
        ))
        .hint("a newer perfkit wrote it: `cargo install cargo-perfkit` brings this one up to date")
        .into()),
        Some(_) => Ok(()),
        None => Err(Failure::new(format!(
            "{} is no file of perfkit's: it has no `format`",
            path.display()
        ))
        .hint("restore it from version control, or remove it and measure again")
        .into()),
    }
}

/// Writes the stacks of a run's cases, compressed.
pub(crate) fn write_stacks(path: &Path, run: &Run) -> anyhow::Result<()> {
    write_whole(path, |writer| {
        let mut encoder = GzEncoder::new(writer, Compression::default());
        let stacks: Vec<(&CaseId, &Stacks)> = run
            .cases
            .iter()
            .map(|case| (&case.id, &case.stacks))
            .collect();
        serde_json::to_writer(&mut encoder, &stacks)?;
        encoder.finish()?;
        Ok(())
    })
}

/// Reads what [`write_stacks`] wrote.
pub(crate) fn read_stacks(path: &Path) -> anyhow::Result<Vec<(CaseId, Stacks)>> {
    /// More than any run of ours; a damaged or hostile file must not fill the memory.
    const LIMIT: u64 = 1 << 30;
    let file = File::open(path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut text = Vec::new();
    GzDecoder::new(file)
        .take(LIMIT)
        .read_to_end(&mut text)
        .with_context(|| format!("{} is damaged", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
}

/// Gives every case its stacks.
pub(crate) fn attach(run: &mut Run, stacks: Vec<(CaseId, Stacks)>) {
    for (id, stacks) in stacks {
        if let Some(case) = run.cases.iter_mut().find(|case| case.id == id) {
            case.stacks = stacks;
        }
    }
}

/// A case's name as part of a file name.
pub(crate) fn file_name(id: &CaseId) -> String {
    let text = format!("{} {id}", id.target);
    let mut name: String = text
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '_' {
                letter
            } else {
                '-'
            }
        })
        .collect();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    name.trim_matches('-').to_owned()
}
