//! The parts of `workloads/README.md` that chores write.

use std::path::Path;

use anyhow::Context as _;

/// The file.
const README: &str = "workloads/README.md";

/// The end of every such part.
const END: &str = "<!-- To here. -->\n";

/// Puts a text where the file keeps a place for it: after a comment that names the chore.
pub(crate) fn replace(root: &Path, chore: &str, text: &str) -> anyhow::Result<()> {
    let path = root.join(README);
    let file =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {README}"))?;
    let begin = format!("<!-- Written by `cargo xtask {chore}`. -->\n");
    let (before, rest) = file
        .split_once(&begin)
        .with_context(|| format!("{README} has no place for what `cargo xtask {chore}` writes"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("what `cargo xtask {chore}` writes to {README} has no end"))?;
    std::fs::write(&path, format!("{before}{begin}\n{text}\n{END}{after}"))
        .with_context(|| format!("failed to write {README}"))
}
