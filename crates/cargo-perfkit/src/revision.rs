//! A revision of the git repository, checked out beside the user's own files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::failure::Failure;
use crate::progress;
use crate::workspace::Workspace;

/// A commit, and where the workspace lies in it.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    /// Its full hash.
    pub(crate) commit: String,
    /// Folder of the workspace within the repository.
    prefix: PathBuf,
    /// Folder of the user's checkout.
    root: PathBuf,
}

/// A checkout that goes away with this value.
#[derive(Debug)]
pub(crate) struct Checkout {
    folder: PathBuf,
    repository: PathBuf,
    /// Root of the workspace in it.
    pub(crate) root: PathBuf,
}

/// Finds a revision.
pub(crate) fn find(workspace: &Workspace, wanted: &str) -> anyhow::Result<Revision> {
    let root = &workspace.root;
    let prefix = git(root, ["rev-parse", "--show-prefix"]).map_err(|said| {
        Failure::usage(format!(
            "{} is in no git repository: {said}",
            root.display()
        ))
        .hint("without a repository a stored baseline is what to compare with: `--save-baseline` stores one")
    })?;
    let name = format!("{wanted}^{{commit}}");
    let commit = git(
        root,
        [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ],
    );
    let Ok(commit) = commit else {
        let failure = Failure::usage(format!("`{wanted}` is no revision of this repository"));
        let is_shallow = git(root, ["rev-parse", "--is-shallow-repository"]);
        return Err(if is_shallow.is_ok_and(|answer| answer == "true") {
            failure.hint("this clone is shallow: `git fetch --unshallow`, or in CI a checkout with `fetch-depth: 0`")
        } else {
            failure.hint("a branch, tag or hash is one; `git fetch` brings those of the remote")
        }
        .into());
    };
    Ok(Revision {
        commit,
        prefix: PathBuf::from(prefix),
        root: root.clone(),
    })
}

/// Commits of a line of development.
#[derive(Debug)]
pub(crate) struct Commits {
    /// Where it begins.
    pub(crate) good: Revision,
    /// What came after, oldest first.
    pub(crate) later: Vec<Revision>,
}

/// The commits after `good` up to `bad`. Of merges the first parent is followed.
pub(crate) fn between(workspace: &Workspace, good: &str, bad: &str) -> anyhow::Result<Commits> {
    let (good, bad) = (find(workspace, good)?, find(workspace, bad)?);
    let root = &good.root;
    let is_ancestor = git(
        root,
        ["merge-base", "--is-ancestor", &good.commit, &bad.commit],
    );
    if is_ancestor.is_err() || good.commit == bad.commit {
        return Err(Failure::usage(format!(
            "{} is no ancestor of {}",
            good.short(),
            bad.short()
        ))
        .hint("`--good` names an earlier commit of the same line; `git merge-base A B` finds where two lines parted")
        .into());
    }
    let range = format!("{}..{}", good.commit, bad.commit);
    let listed = git(
        root,
        [
            "rev-list",
            "--reverse",
            "--first-parent",
            "--end-of-options",
            &range,
        ],
    )
    .map_err(|said| Failure::new(format!("git could not list the commits: {said}")))?;
    let later = listed.lines().map(|commit| Revision {
        commit: commit.to_owned(),
        ..good.clone()
    });
    let later = later.collect();
    Ok(Commits { good, later })
}

/// Folder of the workspace within its repository, with a slash behind it; empty at the root and outside of git.
pub(crate) fn prefix(root: &Path) -> String {
    git(root, ["rev-parse", "--show-prefix"]).unwrap_or_default()
}

impl Revision {
    /// The hash as people write it.
    pub(crate) fn short(&self) -> &str {
        self.commit.get(..12).unwrap_or(&self.commit)
    }

    /// Its day and subject.
    pub(crate) fn about(&self) -> Option<String> {
        let format = "--format=%cs %s";
        git(&self.root, ["show", "--no-patch", format, &self.commit]).ok()
    }

    /// Checks it out into a worktree of its own, the folder `place` of the workspace's target folder.
    pub(crate) fn check_out(&self, workspace: &Workspace, place: &str) -> anyhow::Result<Checkout> {
        let folder = workspace.target.join(place);
        remove(&self.root, &folder);
        progress::status(
            "Checking out",
            &format!("{} in {}", self.short(), folder.display()),
        );
        let checkout = Checkout {
            root: folder.join(&self.prefix),
            repository: self.root.clone(),
            folder,
        };
        let arguments = ["worktree", "add", "--detach", "--force", "--quiet"].map(OsStr::new);
        let place = [checkout.folder.as_os_str(), OsStr::new(&self.commit)];
        let arguments = [&arguments[..], &place].concat();
        git(&self.root, arguments).map_err(|said| {
            Failure::new(format!("git could not check {} out: {said}", self.short())).hint(format!(
                "check the free space for a second checkout, and the permissions of {}",
                workspace.target.display()
            ))
        })?;
        if checkout.folder.join(".gitmodules").is_file() {
            git(&checkout.folder, ["submodule", "update", "--init", "--recursive", "--quiet"]).map_err(|said| {
                Failure::new(format!("git could not check the submodules of {} out: {said}", self.short()))
                    .hint("fetch them once in your own checkout: `git submodule update --init --recursive`")
            })?;
        }
        if !checkout.root.join("Cargo.toml").is_file() {
            return Err(Failure::usage(format!(
                "{} has no Cargo.toml where this workspace has it",
                self.short()
            ))
            .hint("compare with a later revision")
            .into());
        }
        let lock = checkout.root.join("Cargo.lock");
        let own = self.root.join("Cargo.lock");
        // Where nobody committed one, dependencies are to be the same on both sides.
        if !lock.exists() && own.exists() {
            std::fs::copy(&own, &lock)
                .with_context(|| format!("failed to write {}", lock.display()))?;
        }
        Ok(checkout)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        remove(&self.repository, &self.folder);
    }
}

/// Removes a worktree, also one that a killed process left behind, and what git keeps of it.
fn remove(repository: &Path, folder: &Path) {
    if folder.exists() {
        let arguments = ["worktree", "remove", "--force", "--force"].map(OsStr::new);
        let removed = git(repository, [&arguments[..], &[folder.as_os_str()]].concat());
        if removed.is_err()
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            tracing::warn!("{} was not removed: {error}", folder.display());
        }
    }
    drop(git(repository, ["worktree", "prune"]));
}

/// What git answers, or what it says went wrong.
fn git<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| format!("git did not start ({error})"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        let said = text(&output.stderr);
        let said = said.lines().last().unwrap_or("without a word");
        Err(said.trim_start_matches("fatal: ").to_owned())
    }
}
