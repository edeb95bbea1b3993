//! What `perfkit.toml`, the environment and the command line say, resolved.

use std::path::{Path, PathBuf};

use perfkit_compare::policy::Policy;
use serde::Deserialize;

use crate::failure::Failure;
use crate::matrix::Axes;
use crate::targets::{Kind, Kinds};

/// Name of the configuration file at the workspace root.
pub(crate) const FILE: &str = "perfkit.toml";

/// Settings of a workspace.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Name of the baseline that `run` compares with.
    pub(crate) baseline: String,
    /// Where baselines live, relative to the workspace root.
    pub(crate) baselines: PathBuf,
    /// Where the history of the main branch lives, relative to the workspace root.
    pub(crate) history: PathBuf,
    /// Whether to let the compiler name the types of moves.
    pub(crate) annotate_moves: bool,
    /// Seconds after which a child process is ended.
    pub(crate) time_limit: u64,
    /// Seconds that `compare` takes the timings of one case for, at most.
    pub(crate) time_budget: u64,
    /// Variables of the caller's environment that children get to see, beside the few they need.
    pub(crate) environment: Vec<String>,
    /// Processors the children are pinned to; 0 for all. More make multi-thread runtimes meaningful.
    pub(crate) processors: u32,
    /// Stored runs to keep.
    pub(crate) keep_runs: usize,
    /// What `types` and `lint` build and read.
    pub(crate) targets: Kinds,
    /// Axes that `--matrix` takes, with their values.
    pub(crate) matrix: Axes,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            baseline: "main".to_owned(),
            baselines: PathBuf::from("reports/baselines"),
            history: PathBuf::from("reports/history"),
            annotate_moves: true,
            time_limit: 120,
            time_budget: 60,
            environment: Vec::new(),
            processors: 0,
            keep_runs: 20,
            targets: Kinds(vec![Kind::Benches, Kind::Bins]),
            matrix: Axes::new(),
        }
    }
}

/// Reads the file where there is one, and lets `PERFKIT_*` variables override it.
pub(crate) fn load(root: &Path) -> anyhow::Result<(Settings, Policy)> {
    let path = root.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(
                Failure::usage(format!("failed to read {}: {error}", path.display())).into(),
            );
        }
    };
    let (mut settings, policy) = parse(&text).map_err(|error| {
        Failure::usage(format!(
            "{} is not understood: {}",
            path.display(),
            error.to_string().trim()
        ))
        .hint("`cargo perfkit explain perfkit.toml` lists the settings")
    })?;
    override_from_environment(&mut settings)?;
    Ok((settings, policy))
}

fn parse(text: &str) -> Result<(Settings, Policy), toml::de::Error> {
    let mut settings: toml::Table = toml::from_str(text)?;
    // What belongs to the judging is the policy's to understand.
    let judging: toml::Table = ["rules", "types", "accept"]
        .iter()
        .filter_map(|key| settings.remove_entry(*key))
        .collect();
    let policy = Policy::deserialize(toml::Value::Table(judging))?;
    let settings = Settings::deserialize(toml::Value::Table(settings))?;
    Ok((settings, policy))
}

fn override_from_environment(settings: &mut Settings) -> anyhow::Result<()> {
    fn set<T: std::str::FromStr>(name: &str, field: &mut T) -> anyhow::Result<()> {
        if let Ok(text) = std::env::var(name) {
            *field = text.parse().map_err(|_| {
                Failure::usage(format!(
                    "the variable {name} is `{text}`, which is not understood"
                ))
                .hint("it takes what perfkit.toml takes for the same setting")
            })?;
        }
        Ok(())
    }
    set("PERFKIT_BASELINE", &mut settings.baseline)?;
    set("PERFKIT_BASELINES", &mut settings.baselines)?;
    set("PERFKIT_HISTORY", &mut settings.history)?;
    set("PERFKIT_ANNOTATE_MOVES", &mut settings.annotate_moves)?;
    set("PERFKIT_TIME_LIMIT", &mut settings.time_limit)?;
    set("PERFKIT_TIME_BUDGET", &mut settings.time_budget)?;
    set("PERFKIT_PROCESSORS", &mut settings.processors)?;
    set("PERFKIT_KEEP_RUNS", &mut settings.keep_runs)?;
    set("PERFKIT_TARGETS", &mut settings.targets)
}
