//! `cargo xtask repeats`: whether the exact values of the reference workloads are the same in every run.
//!
//! Each run is of processes of its own. What runs on one thread and in memory has to repeat; what talks through sockets
//! promises nothing, and how far its values spread is written into `workloads/README.md`. What runs on several threads, or
//! takes its time, is no part of either.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context as _, bail};
use perfkit_model::metric::{Noise, metric};
use perfkit_model::quantity::Quantity;
use perfkit_model::run::Case;

use crate::table;
use crate::truth::Command;

/// Lenses that count.
const LENSES: &str = "heap,memcpy,io";

/// Workloads that talk through sockets.
const SOCKETS: [&str; 5] = [
    "ddsplit-tcp",
    "exchange-tcp",
    "frame-resize-grpc",
    "taskgraph-tcp",
    "predict",
];

/// Columns of the table of spreads.
const COLUMNS: [&str; 6] = [
    "heap.allocs",
    "heap.bytes",
    "memcpy.calls",
    "memcpy.bytes",
    "io.calls",
    "io.bytes",
];

/// What was seen of each metric of each case.
type Seen = BTreeMap<String, BTreeMap<String, Values>>;

/// What was seen of one metric.
#[derive(Default)]
struct Values {
    /// One per iteration of every run.
    samples: Vec<f64>,
    /// Runs that had it.
    runs: usize,
}

/// Measures all variants of the default set so many times, then the workloads over sockets.
pub(crate) fn repeats(root: &Path, times: &str) -> anyhow::Result<String> {
    let times: NonZeroUsize = times.parse().context("how often is a number above zero")?;
    let root = root
        .canonicalize()
        .context("failed to open the repository")?;
    let command = Command::build(&root)?;
    let exact = measure(&command, &root, times, &["--variant", "all"], is_in_memory)?;
    let differing = differing(&exact);
    if !differing.is_empty() {
        bail!("values differ between iterations or runs:\n{differing}");
    }
    let choice = [
        &SOCKETS[..],
        &["--variant", "story,cured", "--features", "predict/openssl"],
    ]
    .concat();
    let is_over_sockets = |case: &Case| SOCKETS.contains(&case.id.workload.as_str());
    let loose = measure(&command, &root, times, &choice, is_over_sockets)?;
    let iterations = exact
        .values()
        .flat_map(BTreeMap::values)
        .map(|values| values.samples.len());
    let text = format!(
        "In {times} runs, of {} iterations or more in all, every exact value of {} cases was the same. Those over sockets: the median, and \
         how far the least and the most are from it.\n\n{}",
        iterations.min().unwrap_or_default(),
        exact.len(),
        spreads(&loose)
    );
    table::replace(&root, "repeats", &text)?;
    Ok(text)
}

/// What the exact metrics of the cases that `is_meant` came to. Every run has to have all of them.
fn measure(
    command: &Command,
    root: &Path,
    times: NonZeroUsize,
    choice: &[&str],
    is_meant: impl Fn(&Case) -> bool,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::new();
    for _ in 0..times.get() {
        let arguments = [&["run", "--lens", LENSES], choice].concat();
        let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
        let report = command.report(root, &arguments)?;
        for case in report.run.cases.iter().filter(|case| is_meant(case)) {
            let metrics = seen.entry(case.id.to_string()).or_default();
            for (id, measurement) in &case.measurements {
                if metric(id).is_some_and(|metric| metric.noise == Noise::Exact) {
                    let values = metrics.entry(id.clone()).or_default();
                    values.samples.extend(&measurement.samples);
                    values.runs += 1;
                }
            }
        }
    }
    if seen.is_empty() {
        bail!("no case was measured with {choice:?}");
    }
    for (case, metrics) in &seen {
        for (id, values) in metrics {
            if values.runs < times.get() {
                bail!("{case} has {id} in {} of {times} runs only", values.runs);
            }
        }
    }
    Ok(seen)
}

/// On one thread, and not through sockets.
fn is_in_memory(case: &Case) -> bool {
    let bytes = case.measurements.get("io.bytes");
    case.id.runtime == "current_thread" && bytes.is_none_or(|bytes| bytes.value == 0.0)
}

/// A line for each metric that has more than one value.
fn differing(seen: &Seen) -> String {
    let mut text = String::new();
    for (case, metrics) in seen {
        for (id, values) in metrics {
            let (least, _, most) = range(&values.samples);
            if least < most {
                // Writing to a string cannot fail.
                let _written = writeln!(text, "{case} {id}: {least} to {most}");
            }
        }
    }
    text
}

/// One line per case.
fn spreads(seen: &Seen) -> String {
    let names = COLUMNS.map(|id| metric(id).map_or(id, |metric| metric.title));
    let mut text = format!(
        "| case | {} |\n|:--|{}\n",
        names.join(" | "),
        "--:|".repeat(names.len())
    );
    for (case, metrics) in seen {
        let cells = COLUMNS.map(|id| match (metric(id), metrics.get(id)) {
            (Some(metric), Some(values)) => {
                let (least, median, most) = range(&values.samples);
                let value = Quantity {
                    value: median,
                    unit: metric.unit,
                };
                // In tenths of a percent; what is added takes the sign from zero.
                let part = |bound: f64| (1000.0 * (bound - median) / median.max(1.0)).round() + 0.0;
                match (part(least), part(most)) {
                    (0.0, 0.0) => value.to_string(),
                    (below, above) => {
                        format!("{value} ({:+.1} to {:+.1} %)", below / 10.0, above / 10.0)
                    }
                }
            }
            _ => "–".to_owned(),
        });
        let _written = writeln!(text, "| `{case}` | {} |", cells.join(" | "));
    }
    text
}

/// The least, the median and the most.
fn range(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let last = sorted.len().saturating_sub(1);
    let median = f64::midpoint(at(last / 2), at(last.div_ceil(2)));
    (at(0), median, at(last))
}
