//! Baselines: exact values as text that a reviewer can read in a diff, their stacks compressed beside it.
//!
//! One text file per name and target triple, `main.x86_64-unknown-linux-gnu.toml`. It names its stacks file, whose
//! name carries a hash of its content: the rename of the text is the one moment a baseline changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use perfkit_model::RUN_FORMAT;
use perfkit_model::environment::Environment;
use perfkit_model::metric::{METRICS, Noise};
use perfkit_model::run::{Case, CaseId, Measurement, Run, Units};
use serde::Deserialize;

use crate::failure::Failure;
use crate::store;
use crate::types_text::{self, StoredTypes};
use crate::workspace::unknown;

/// Where baselines live, and for which target.
#[derive(Debug, Clone)]
pub(crate) struct Baselines {
    /// Folder.
    pub(crate) folder: PathBuf,
    /// Target triple of this machine's builds.
    pub(crate) target: String,
}

/// The text file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Text {
    #[serde(rename = "format")]
    _format: u32,
    saved: String,
    #[serde(default)]
    perfkit: String,
    #[serde(default)]
    stacks: String,
    environment: Environment,
    #[serde(default)]
    case: Vec<TextCase>,
}

#[derive(Debug, Deserialize)]
struct TextCase {
    #[serde(flatten)]
    id: CaseId,
    #[serde(default)]
    units: Units,
    /// Left out where nothing could be measured.
    #[serde(default)]
    values: BTreeMap<String, Value>,
}

/// An exact value is a number; any other lists the values it was seen to take, each with how often.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Exact(f64),
    NearExact(Samples),
}

/// In ascending order.
#[derive(Debug, Deserialize)]
#[serde(try_from = "BTreeMap<String, u32>")]
struct Samples(Vec<f64>);

/// More samples than any run takes; a file that says more is damaged.
const MOST_SAMPLES: usize = 100_000;

impl TryFrom<BTreeMap<String, u32>> for Samples {
    type Error = String;

    fn try_from(counts: BTreeMap<String, u32>) -> Result<Self, String> {
        let mut samples = Vec::new();
        for (text, count) in counts {
            let value: f64 = text
                .parse()
                .map_err(|_| format!("`{text}` is no measured value"))?;
            let count = count as usize;
            if samples.len() + count > MOST_SAMPLES {
                return Err(format!("`{text}` was not seen {count} times"));
            }
            samples.extend(std::iter::repeat_n(value, count));
        }
        samples.sort_by(f64::total_cmp);
        Ok(Self(samples))
    }
}

/// As [`Samples`] reads it: `{ 4154 = 9, 4155 = 1 }`.
fn counted_samples(samples: &[f64]) -> String {
    let mut samples = samples.to_vec();
    samples.sort_by(f64::total_cmp);
    let counts: Vec<String> = samples
        .chunk_by(|left, right| left == right)
        .map(|same| {
            let value = same[0].to_string();
            if value.contains('.') {
                format!("\"{value}\" = {}", same.len())
            } else {
                format!("{value} = {}", same.len())
            }
        })
        .collect();
    format!("{{ {} }}", counts.join(", "))
}

/// The compressed file.
#[derive(Debug, Default, serde::Serialize, Deserialize)]
struct Beside {
    format: u32,
    /// Versions of all packages: too long for the text, and needed to tell what changed.
    packages: BTreeMap<String, String>,
    stacks: Vec<(CaseId, perfkit_model::stacks::Stacks)>,
}

impl Baselines {
    /// Those for the target that a run was built for.
    pub(crate) fn of(&self, run: &Run) -> Self {
        Self {
            folder: self.folder.clone(),
            target: run.environment.target.clone(),
        }
    }

    /// Names of the baselines of runs for this target.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names_of(&format!(".{}.toml", self.target))
    }

    /// Names of the baselines of types for this target.
    pub(crate) fn names_of_types(&self) -> Vec<String> {
        self.names_of(&format!(".{}.types.toml", self.target))
    }

    fn names_of(&self, suffix: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(suffix).map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// The text file of a baseline.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{}.toml", self.target))
    }

    /// The file of the types that are stored under this name.
    pub(crate) fn types_path(&self, name: &str) -> PathBuf {
        self.folder
            .join(format!("{name}.{}.types.toml", self.target))
    }

    /// Stores types.
    pub(crate) fn save_types(&self, name: &str, types: &StoredTypes) -> anyhow::Result<PathBuf> {
        check_name(name)?;
        store::sweep(&self.folder);
        let path = self.types_path(name);
        store::write_whole(&path, |writer| {
            Ok(writer.write_all(types_text::write(types).as_bytes())?)
        })?;
        Ok(path)
    }

    /// Loads types.
    pub(crate) fn load_types(&self, name: &str) -> anyhow::Result<StoredTypes> {
        check_name(name)?;
        let path = self.types_path(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => types_text::read(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let names = self.names_of_types();
                let failure = unknown("baseline of types", name, names.iter().map(String::as_str));
                Err(failure
                    .hint(format!(
                        "`cargo perfkit lint --save-baseline {name}` makes it"
                    ))
                    .into())
            }
            Err(error) => Err(error).with_context(|| format!("failed to read {}", path.display())),
        }
    }

    /// Stores the judged values of a run. A partial run replaces its own cases and keeps the others.
    pub(crate) fn save(&self, name: &str, run: &Run) -> anyhow::Result<PathBuf> {
        check_name(name)?;
        if let Some((case, _)) = run.failures().next() {
            return Err(Failure::new(format!("{} failed, so this run cannot be a baseline", case.id))
                .hint("a baseline with holes would judge nothing there; mend the workload or leave it out by a filter")
                .into());
        }
        let merged = self.merged(name, run)?;
        let run = merged.as_ref().unwrap_or(run);
        let beside = Beside {
            format: RUN_FORMAT,
            packages: run.environment.packages.clone(),
            stacks: run
                .cases
                .iter()
                .map(|case| (case.id.clone(), without_samples(case)))
                .collect(),
        };
        store::sweep(&self.folder);
        let compressed = compress(&beside)?;
        let stacks = format!(
            "{name}.{}.{}.stacks.gz",
            self.target,
            &crate::environment::hash(&compressed)[..8]
        );
        store::write_whole(&self.folder.join(&stacks), |writer| {
            Ok(writer.write_all(&compressed)?)
        })?;
        let path = self.path(name);
        store::write_whole(&path, |writer| {
            Ok(writer.write_all(render(run, &stacks).as_bytes())?)
        })?;
        self.sweep_stacks(name, Some(&stacks));
        Ok(path)
    }

    /// A partial run together with what the baseline has of the other workloads.
    fn merged(&self, name: &str, run: &Run) -> anyhow::Result<Option<Run>> {
        let is_whole = !run.partial && run.left_out.is_empty();
        if is_whole || !self.path(name).exists() {
            return Ok(None);
        }
        let old = match self.load(name) {
            // It is saved anew, which is what its error advises; only a part of the workloads must not replace it.
            Err(_) if !run.partial => return Ok(None),
            old => old?,
        };
        let others: Vec<Case> = old
            .cases
            .into_iter()
            .filter(|case| run.cases.iter().all(|new| new.id != case.id))
            .filter(|case| run.partial || run.left_out.contains(&case.id.workload))
            .collect();
        if others.is_empty() {
            return Ok(None);
        }
        let place = |environment: &Environment| {
            (
                environment.rustc.clone(),
                environment.target.clone(),
                environment.build.clone(),
            )
        };
        if place(&old.environment) != place(&run.environment) {
            return Err(Failure::new(format!(
                "the baseline `{name}` holds {} other cases, measured with another toolchain or profile ({})",
                others.len(),
                old.environment.rustc
            ))
            .hint(format!("save all workloads anew: `cargo perfkit run --workspace --save-baseline {name}`"))
            .hint("or save these under another name")
            .into());
        }
        let mut merged = run.clone();
        merged.cases.extend(others);
        merged.cases.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(Some(merged))
    }

    /// Loads a baseline as a run.
    pub(crate) fn load(&self, name: &str) -> anyhow::Result<Run> {
        let text = self.read_text(name)?;
        let mut run = Run {
            format: RUN_FORMAT,
            perfkit: text.perfkit,
            id: name.to_owned(),
            started: text.saved,
            quick: false,
            partial: false,
            left_out: Vec::new(),
            environment: text.environment,
            cases: text.case.into_iter().map(case).collect(),
            types: Vec::new(),
        };
        let path = self.folder.join(&text.stacks);
        match is_file_name(&text.stacks).then(|| decompress(&path)) {
            Some(Ok(beside)) => {
                run.environment.packages = beside.packages;
                store::attach(&mut run, beside.stacks);
            }
            Some(Err(error)) => crate::progress::warn(&format!(
                "the baseline `{name}` has lost its stacks, so causes cannot be compared: {error:#}"
            )),
            None => {}
        }
        Ok(run)
    }

    /// Removes what is stored under a name.
    pub(crate) fn remove(&self, name: &str) -> anyhow::Result<()> {
        check_name(name)?;
        let stored = [self.path(name), self.types_path(name)];
        let stored: Vec<&PathBuf> = stored.iter().filter(|path| path.exists()).collect();
        if stored.is_empty() {
            return Err(self.missing(name).into());
        }
        for path in stored {
            std::fs::remove_file(path)
                .with_context(|| format!("failed to remove {}", path.display()))?;
        }
        self.sweep_stacks(name, None);
        Ok(())
    }

    /// Removes the stacks files of a baseline but the one to keep, also those that no text names.
    fn sweep_stacks(&self, name: &str, keep: Option<&str>) {
        let is_hash = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let prefix = format!("{name}.{}.", self.target);
        for entry in std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
        {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            let hash = file
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(".stacks.gz"));
            if hash.is_some_and(is_hash) && keep != Some(&*file) {
                drop(std::fs::remove_file(entry.path()));
            }
        }
    }

    /// The error for a name that is not there.
    pub(crate) fn missing(&self, name: &str) -> Failure {
        let names = self.names();
        unknown("baseline", name, names.iter().map(String::as_str)).hint(format!(
            "`cargo perfkit run --save-baseline {name}` makes it"
        ))
    }

    fn read_text(&self, name: &str) -> anyhow::Result<Text> {
        check_name(name)?;
        let path = self.path(name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(self.missing(name).into());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read {}", path.display()));
            }
        };
        let broken = || {
            Failure::new(format!("the baseline {} is damaged", path.display())).hint(
                "restore it from version control, or save it anew with `cargo perfkit run --save-baseline`",
            )
        };
        let table: toml::Table = text.parse().with_context(broken)?;
        let format = table.get("format").and_then(toml::Value::as_integer);
        store::check_format(format.and_then(|format| u64::try_from(format).ok()), &path)?;
        Text::deserialize(toml::Value::Table(table)).with_context(broken)
    }
}

fn case(case: TextCase) -> Case {
    let measurements = case.values.into_iter().map(|(id, value)| {
        let measurement = match value {
            Value::Exact(value) => Measurement {
                value,
                noise: Noise::Exact,
                samples: vec![value],
                not_judged: None,
            },
            Value::NearExact(Samples(samples)) => {
                let value = samples.get(samples.len() / 2).copied().unwrap_or_default();
                Measurement {
                    value,
                    noise: Noise::NearExact,
                    samples,
                    not_judged: None,
                }
            }
        };
        (id, measurement)
    });
    Case {
        id: case.id,
        units: case.units,
        measurements: measurements.collect(),
        ..Case::default()
    }
}

/// CPU samples are no part of a baseline: they belong to one machine and one moment.
fn without_samples(case: &Case) -> perfkit_model::stacks::Stacks {
    let mut builder = perfkit_model::stacks::StacksBuilder::default();
    for column in case
        .stacks
        .columns
        .iter()
        .filter(|column| column.metric != "cpu.samples")
    {
        for (node, weight) in &column.weights {
            let path: Vec<_> = case.stacks.path(*node).into_iter().cloned().collect();
            if let Some(node) = builder.node(&path) {
                builder.add(node, &column.metric, column.iterations, *weight);
            }
        }
    }
    builder.finish()
}

/// Written by hand, so that the order is that of the tables and a change of one value is a change of one line.
fn render(run: &Run, stacks: &str) -> String {
    let mut text = String::from(
        "# A baseline of cargo perfkit: values per iteration. `cargo perfkit run --save-baseline` writes it.\n",
    );
    let environment = &run.environment;
    let quoted = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let list = |values: &[String]| {
        let lines: Vec<String> = values
            .iter()
            .map(|value| format!("    {},\n", quoted(value)))
            .collect();
        format!("[\n{}]", lines.concat())
    };
    // Writing to a string cannot fail.
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    line("format", RUN_FORMAT.to_string());
    line("perfkit", quoted(&run.perfkit));
    line("saved", quoted(&run.started));
    line("stacks", quoted(stacks));
    line("\n[environment]\nrustc", quoted(&environment.rustc));
    line("target", quoted(&environment.target));
    line("build", list(&environment.build));
    line("annotated_moves", environment.annotated_moves.to_string());
    line("lockfile", quoted(&environment.lockfile));
    line("libc", quoted(&environment.libc));
    for case in &run.cases {
        let id = &case.id;
        line("\n[[case]]\npackage", quoted(&id.package));
        line("target", quoted(&id.target));
        line("workload", quoted(&id.workload));
        id.arg.iter().for_each(|arg| line("arg", arg.to_string()));
        line("runtime", quoted(&id.runtime));
        id.variant
            .iter()
            .for_each(|variant| line("variant", quoted(variant)));
        line(
            "units",
            format!(
                "{{ items = {}, bytes = {} }}",
                case.units.items, case.units.bytes
            ),
        );
        let mut heading = "[case.values]\n";
        for metric in METRICS.iter().filter(|metric| metric.noise != Noise::Noisy) {
            let Some(measurement) = case.measurements.get(metric.id) else {
                continue;
            };
            if measurement.not_judged.is_some() {
                continue;
            }
            let value = match measurement.noise {
                Noise::Exact => measurement.value.to_string(),
                _ => counted_samples(&measurement.samples),
            };
            line(&format!("{heading}\"{}\"", metric.id), value);
            heading = "";
        }
    }
    text
}

fn compress(beside: &Beside) -> anyhow::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    serde_json::to_writer(&mut encoder, beside)?;
    Ok(encoder.finish()?)
}

fn decompress(path: &Path) -> anyhow::Result<Beside> {
    /// More than any baseline of ours; a hostile file must not fill the memory.
    const LIMIT: u64 = 1 << 28;
    let file =
        std::fs::File::open(path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(
        &mut std::io::Read::take(flate2::read::GzDecoder::new(file), LIMIT),
        &mut text,
    )
    .with_context(|| format!("{} is damaged", path.display()))?;
    store::parse_versioned(&text, path)
}

/// Names become file names, and are typed after `--baseline`.
pub(crate) fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !name.is_empty() && name.len() <= 64 && name.chars().all(fits) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{name}` cannot name a baseline"))
        .hint("a name has up to 64 ASCII letters, digits, `-` and `_`")
        .into())
}

/// Whether a file that a baseline names lies in its own folder.
fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && Path::new(name).components().count() == 1
        && Path::new(name).file_name().is_some_and(|file| file == name)
}
