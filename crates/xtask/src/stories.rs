//! `cargo xtask stories`: what a comparison finds first in each pathology of the reference workloads.
//!
//! The cured form of a workload is compared with itself and with every form that has one switch back in the story's position.
//! The table in `workloads/README.md` is what comes of it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use perfkit_model::comparison::{Finding, Level};

use crate::table;
use crate::truth::Command;

/// Counts, which need no second opinion.
const COUNTS: &str = "heap,memcpy,io";
/// For work that only the processor sees.
const WITH_INSTRUCTIONS: &str = "heap,memcpy,io,instructions";

/// Workloads with the forms that are compared with their cured one.
const STORIES: [(&str, &str, &[&str]); 11] = [
    (
        "ddsplit",
        COUNTS,
        &[
            "story",
            "cured+inline-error",
            "cured+inline-query",
            "cured+dynamic-dispatch",
        ],
    ),
    ("ddsplit-tcp", COUNTS, &["story", "cured+unbuffered-io"]),
    ("exchange", COUNTS, &["story", "cured+fresh"]),
    ("exchange-tcp", COUNTS, &["story"]),
    (
        "broadcast",
        WITH_INSTRUCTIONS,
        &["story", "cured+point-to-point"],
    ),
    ("pagerank", COUNTS, &["story"]),
    (
        "frame-resize",
        WITH_INSTRUCTIONS,
        &[
            "story",
            "cured+copy-decode",
            "cured+copy-value",
            "cured+grow",
            "cured+clone-freeze",
            "cured+clone-sink",
            "cured+actor-mapper",
            "cured+boxed-udf",
            "cured+naive-resize",
        ],
    ),
    (
        "frame-resize-batch",
        COUNTS,
        &[
            "story",
            "cured+clone-sink",
            "cured+actor-mapper",
            "cured+boxed-udf",
        ],
    ),
    ("frame-resize-grpc", COUNTS, &["story", "cured+copy-decode"]),
    (
        "taskgraph",
        WITH_INSTRUCTIONS,
        &[
            "story",
            "cured+scan-placement",
            "cured+boxed-table",
            "cured+event-calls",
        ],
    ),
    ("predict", COUNTS, &["story", "cured+new-client"]),
];

/// Compares all of them and writes the table.
pub(crate) fn stories(root: &Path) -> anyhow::Result<String> {
    let root = root
        .canonicalize()
        .context("failed to open the repository")?;
    let command = Command::build(&root)?;
    let mut table =
        "| workload | against `cured` | first finding | more |\n|:--|:--|:--|--:|\n".to_owned();
    for (workload, lenses, forms) in STORIES {
        for form in ["cured"].iter().chain(forms) {
            let head = format!("variant:{form}");
            let arguments = [
                "compare",
                workload,
                "--base",
                "variant:cured",
                "--head",
                &head,
                "--lens",
                lenses,
                "--features",
                "predict/openssl",
            ];
            let report = command.report(&root, &arguments.map(OsStr::new))?;
            let findings = report.comparison.findings.iter();
            let findings: Vec<&Finding> = findings
                .filter(|finding| finding.level > Level::Note)
                .collect();
            let said = match findings.first() {
                Some(finding) => format!("`{}`: {}", finding.rule, cell(&finding.message)),
                None => "–".to_owned(),
            };
            // Writing to a string cannot fail.
            let _written = writeln!(
                table,
                "| `{workload}` | `{form}` | {said} | {} |",
                findings.len().saturating_sub(1)
            );
        }
    }
    table::replace(&root, "stories", &table)?;
    Ok(table)
}

/// A message within a table.
fn cell(message: &str) -> String {
    message.replace('|', "\\|").replace('\n', " ")
}
