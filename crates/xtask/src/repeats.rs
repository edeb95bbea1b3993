//! `cargo xtask repeats`: whether the exact values of this repository's workloads are the same in every run.
//!
//! Each run is of processes of its own. What talks through sockets promises nothing and is no part of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use perfkit_model::metric::{Noise, metric};
use perfkit_model::run::Case;

use crate::truth::Command;

/// Lenses that count.
const LENSES: &str = "heap,memcpy,io";

/// Measures all variants of the default set so many times.
pub(crate) fn repeats(root: &Path, times: &str) -> anyhow::Result<String> {
    let times: usize = times.parse().context("how often is a number")?;
    let root = root
        .canonicalize()
        .context("failed to open the repository")?;
    let command = Command::build(&root)?;
    let mut seen: BTreeMap<String, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for _ in 0..times {
        let arguments = ["run", "--lens", LENSES, "--variant", "all"].map(OsStr::new);
        let report = command.report(&root, &arguments)?;
        for case in report.run.cases.iter().filter(|case| is_in_memory(case)) {
            let values = seen.entry(case.id.to_string()).or_default();
            for (id, measurement) in &case.measurements {
                if metric(id).is_some_and(|metric| metric.noise == Noise::Exact) {
                    let samples = measurement.samples.iter();
                    values.entry(id.clone()).or_default().extend(samples);
                }
            }
        }
    }
    let mut text = String::new();
    let mut differing = 0;
    for (case, metrics) in &seen {
        let differs = |values: &&Vec<f64>| values.iter().any(|value| *value != values[0]);
        let loose = metrics.values().filter(differs).count();
        differing += loose;
        // Writing to a string cannot fail.
        let _written = writeln!(
            text,
            "{case}: {} of {} values are the same",
            metrics.len() - loose,
            metrics.len()
        );
        for (id, values) in metrics.iter().filter(|(_, values)| differs(values)) {
            let (least, most) = values.iter().fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(least, most), value| (least.min(*value), most.max(*value)),
            );
            let _written = writeln!(text, "    {id}: {least} to {most}");
        }
    }
    if differing > 0 {
        bail!("{text}{differing} values differ between iterations or runs");
    }
    Ok(format!("{text}all values are the same in {times} runs\n"))
}

/// On one thread, and not through sockets.
fn is_in_memory(case: &Case) -> bool {
    let bytes = case.measurements.get("io.bytes");
    case.id.runtime == "current_thread" && bytes.is_none_or(|bytes| bytes.value == 0.0)
}
