//! What differs between the places two runs were measured at, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::environment::Environment;

use crate::{Side, SideKind};

/// What differs between the sides' environments.
#[derive(Debug)]
pub(crate) struct EnvironmentDifference {
    /// Why stored values cannot be judged, where that is so.
    pub(crate) blocker: Option<String>,
    /// Possible causes, one sentence each.
    pub(crate) context: Vec<String>,
    /// Whether a moved type of one side can be found on the other.
    pub(crate) types: Types,
}

/// Whether a moved type of one side can be found on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Types {
    /// Both sides name them in the same way.
    Comparable,
    /// One side is annotated and the other is not, so names of types must not take part in matching.
    OneSided,
}

/// Changed packages that are listed one by one. Beyond that a reader opens the lock file.
const MOST_PACKAGES: usize = 20;

/// Compares the places, as far as the answer depends on them.
pub(crate) fn compare(base: &Side<'_>, head: &Side<'_>) -> EnvironmentDifference {
    let (left, right) = (&base.run.environment, &head.run.environment);
    let code = code_differences(left, right);
    let mut context = Vec::new();
    let mut blocker = None;
    if !code.is_empty() {
        if base.is_stored() || head.is_stored() {
            blocker = Some(format!(
                "the machine code is not comparable: {}",
                code.join("; ")
            ));
        }
        context.extend(code);
    }
    let types = if left.annotated_moves == right.annotated_moves {
        Types::Comparable
    } else {
        context.push(
            "moves are annotated with their type on one side only, so copies are matched by function"
                .to_owned(),
        );
        Types::OneSided
    };
    context.extend(packages(left, right));
    // A baseline does not keep them; where a run has none, there were none.
    let is_told = |side: &Side<'_>| {
        side.kind != SideKind::Baseline || !side.run.environment.variables.is_empty()
    };
    if is_told(base) && is_told(head) {
        context.extend(changed("variable", &left.variables, &right.variables));
    }
    let processors = (left.processors.to_string(), right.processors.to_string());
    for (what, left, right) in [
        ("the operating system", &left.os, &right.os),
        ("the C library", &left.libc, &right.libc),
        ("the processor", &left.processor, &right.processor),
        ("the number of processors", &processors.0, &processors.1),
        ("perfkit", &base.run.perfkit, &head.run.perfkit),
    ] {
        // Baselines do not keep everything, and what was not recorded is no difference.
        if left != right && is_known(left) && is_known(right) {
            context.push(format!(
                "{what} differs: {} → {}",
                quoted(left),
                quoted(right)
            ));
        }
    }
    EnvironmentDifference {
        blocker,
        context,
        types,
    }
}

/// Why the types of two builds cannot be compared, where that is so.
pub(crate) fn toolchains_differ(base: &Environment, head: &Environment) -> Option<String> {
    let differences = code_differences(base, head);
    (!differences.is_empty())
        .then(|| format!("the builds are not comparable: {}", differences.join("; ")))
}

/// Differences that give other machine code from the same source, one sentence each.
fn code_differences(base: &Environment, head: &Environment) -> Vec<String> {
    let mut differences = Vec::new();
    for (what, base, head) in [
        ("rustc", &base.rustc, &head.rustc),
        ("the target", &base.target, &head.target),
    ] {
        if base != head {
            differences.push(format!(
                "{what} differs: {} → {}",
                quoted(base),
                quoted(head)
            ));
        }
    }
    differences.extend(changed("build setting", &settings(base), &settings(head)));
    differences
}

/// Build settings by key. Repeated keys (several `-C` flags) keep all their values.
///
/// Annotating moves leaves the machine code as it is, so a setting that only does that is no difference.
fn settings(environment: &Environment) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<String, String> = BTreeMap::new();
    for setting in &environment.build {
        if setting.contains("annotate-moves") || setting.contains("annotate_moves") {
            continue;
        }
        let (key, value) = setting.split_once('=').unwrap_or((setting.as_str(), ""));
        settings
            .entry(key.to_owned())
            .and_modify(|values| {
                values.push(' ');
                values.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    settings
}

fn packages(base: &Environment, head: &Environment) -> Vec<String> {
    let mut changes = if base.packages.is_empty() || head.packages.is_empty() {
        Vec::new()
    } else {
        changed("", &base.packages, &head.packages)
    };
    let more = changes.len().saturating_sub(MOST_PACKAGES);
    if more > 0 {
        changes.truncate(MOST_PACKAGES);
        changes.push(format!("and {more} more packages differ"));
    }
    if changes.is_empty() && base.lockfile != head.lockfile && !base.lockfile.is_empty() {
        changes.push("the lock file differs".to_owned());
    }
    changes
}

/// One sentence for each key whose value differs, is new or is gone.
fn changed(
    what: &str,
    base: &BTreeMap<String, String>,
    head: &BTreeMap<String, String>,
) -> Vec<String> {
    let keys: BTreeSet<&String> = base.keys().chain(head.keys()).collect();
    let prefix = if what.is_empty() {
        String::new()
    } else {
        format!("{what} ")
    };
    keys.into_iter()
        .filter_map(|key| match (base.get(key), head.get(key)) {
            (Some(left), Some(right)) if left == right => None,
            (Some(left), Some(right)) => {
                let (left, right) = (shown(left), shown(right));
                Some(format!("{prefix}`{key}` {left} → {right}"))
            }
            (None, Some(value)) => Some(format!("{prefix}`{key}` {} is new", shown(value))),
            (Some(value), None) => Some(format!("{prefix}`{key}` {} is gone", shown(value))),
            (None, None) => None,
        })
        .collect()
}

/// Whether a setting was recorded; 0 processors are none that were counted.
fn is_known(value: &str) -> bool {
    !value.is_empty() && value != "0"
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(empty)" } else { value }
}

fn quoted(value: &str) -> String {
    if value.is_empty() {
        "unknown".to_owned()
    } else {
        format!("`{value}`")
    }
}
