//! The command line as its own `--help` tells it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// A command with its help.
pub(crate) struct Help {
    /// Words after `cargo perfkit`; none for the command itself.
    pub(crate) words: Vec<String>,
    /// What `--help` prints.
    pub(crate) text: String,
}

/// The help of `cargo perfkit` and of all its commands, parents before children.
///
/// # Errors
///
/// When the command does not build or does not print its help.
pub(crate) fn helps(root: &Path) -> anyhow::Result<Vec<Help>> {
    let executable = build(root)?;
    let mut helps = Vec::new();
    let mut next = vec![Vec::new()];
    while let Some(words) = next.pop() {
        let text = help(&executable, &words)?;
        let children: Vec<Vec<String>> = subcommands(&text)
            .map(|name| [words.as_slice(), &[name.to_owned()]].concat())
            .collect();
        next.extend(children.into_iter().rev());
        helps.push(Help { words, text });
    }
    Ok(helps)
}

/// Builds the command in the profile of the `cargo perfkit` alias, so that it is built once for both.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "cargo-perfkit",
        ])
        .args([
            "--bin",
            "cargo-perfkit",
            "--message-format=json-render-diagnostics",
        ])
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("failed to run cargo")?;
    ensure!(output.status.success(), "cargo-perfkit does not build");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo named no executable of cargo-perfkit")
}

fn help(executable: &Path, words: &[String]) -> anyhow::Result<String> {
    let mut command = Command::new(executable);
    command
        .args(words)
        .arg("--help")
        .stdin(Stdio::null())
        // Help is wrapped to the terminal it finds; here it must find none.
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    // Help shows the values that variables have at the moment.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PERFKIT_") {
            command.env_remove(name);
        }
    }
    let shown = format!("`cargo perfkit {} --help`", words.join(" "));
    let output = command
        .output()
        .with_context(|| format!("failed to run {shown}"))?;
    ensure!(
        output.status.success(),
        "{shown} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("{shown} printed no UTF-8"))?;
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}

/// Names in the list of commands, as clap prints it.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Deeper indentation continues the text of the command above.
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
}
