//! Writes the generated files, or says which of them are stale.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::{reference, schemas, truth};

/// What to do with a file that is not as it would be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write it.
    Write,
    /// Fail and name it.
    Check,
}

/// A file that is made from code.
pub(crate) struct Generated {
    /// Path from the workspace root.
    pub(crate) path: &'static str,
    /// What belongs there.
    pub(crate) text: String,
}

/// Generates every file and returns what there is to say about it.
///
/// # Errors
///
/// When a file cannot be made or written, and in [`Mode::Check`] when one is stale.
pub(crate) fn generate(root: &Path, mode: Mode) -> anyhow::Result<String> {
    let mut files = schemas::schemas()?;
    files.push(reference::reference(root)?);
    files.push(truth::table(root)?);

    let mut stale = Vec::new();
    for file in &files {
        let path = root.join(file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        stale.push(file.path);
        if mode == Mode::Write {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .with_context(|| format!("failed to create {}", folder.display()))?;
            }
            fs::write(&path, &file.text)
                .with_context(|| format!("failed to write {}", file.path))?;
        }
    }
    match mode {
        _ if stale.is_empty() => Ok(format!("{} files are up to date\n", files.len())),
        Mode::Write => Ok(stale.iter().map(|path| format!("wrote {path}\n")).collect()),
        Mode::Check => bail!(
            "not as the code says: {}\nhint: `cargo xtask generate` writes them anew; commit the result",
            stale.join(", ")
        ),
    }
}
