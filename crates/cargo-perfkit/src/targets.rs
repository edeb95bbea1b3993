//! Which targets of the workspace are built.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cargo_metadata::Package;
use clap::ValueEnum;
use serde::Deserialize;

use crate::cli::BuildArgs;
use crate::failure::Failure;
use crate::workspace::{Workspace, unknown};

/// A kind of target that becomes a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Bench targets.
    Benches,
    /// Programs.
    Bins,
    /// Examples.
    Examples,
    /// Integration tests.
    Tests,
}

/// Kinds of targets; as text they have commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Kinds(pub(crate) Vec<Kind>);

impl std::str::FromStr for Kinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds = text
            .split(',')
            .map(|word| Kind::from_str(word.trim(), false));
        kinds.collect::<Result<Vec<Kind>, String>>().map(Self)
    }
}

impl Kind {
    /// What cargo's command line and metadata call one of it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Benches => "bench",
            Self::Bins => "bin",
            Self::Examples => "example",
            Self::Tests => "test",
        }
    }

    /// The kind of this target, where it becomes a program.
    pub(crate) fn of(target: &cargo_metadata::Target) -> Option<Self> {
        [Self::Benches, Self::Bins, Self::Examples, Self::Tests]
            .into_iter()
            .find(|kind| {
                target
                    .kind
                    .iter()
                    .any(|own| own.to_string() == kind.as_str())
            })
    }
}

/// A package and those of its targets that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetPackage {
    /// Name.
    pub(crate) name: String,
    /// Folder of its `Cargo.toml`: where its benches run.
    pub(crate) folder: PathBuf,
    /// Kind and name of each target.
    pub(crate) targets: Vec<(Kind, String)>,
    /// Whether it depends on perfkit.
    pub(crate) has_perfkit: bool,
}

/// Bench targets of packages that depend on perfkit, narrowed by `chosen`.
pub(crate) fn benches(
    workspace: &Workspace,
    chosen: &BuildArgs,
) -> anyhow::Result<Vec<TargetPackage>> {
    let mut packages = packages(workspace, chosen, &[Kind::Benches])?;
    packages.retain(|package| package.has_perfkit);
    if packages.is_empty() {
        return Err(
            Failure::usage("no package of this workspace depends on perfkit")
                .hint("`cargo perfkit init` adds the dependency and a first workload")
                .into(),
        );
    }
    narrow(&mut packages, chosen)?;
    if packages.is_empty() {
        return Err(Failure::usage("no package that depends on perfkit has a bench target")
            .hint("`cargo perfkit init` adds one; by hand it is a [[bench]] section with `harness = false`")
            .into());
    }
    Ok(packages)
}

/// All targets of these kinds, narrowed by `chosen`.
pub(crate) fn programs(
    workspace: &Workspace,
    chosen: &BuildArgs,
    kinds: &[Kind],
) -> anyhow::Result<Vec<TargetPackage>> {
    let mut packages = packages(workspace, chosen, kinds)?;
    narrow(&mut packages, chosen)?;
    if packages.is_empty() {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        return Err(Failure::usage(format!(
            "no package of this workspace has a target of the kind {}",
            kinds.join(", ")
        ))
        .hint("only what becomes a program has types to look at; `--targets benches,bins,examples,tests` chooses what is built")
        .into());
    }
    Ok(packages)
}

/// Keeps the bench targets that were asked for by name, and packages with targets.
fn narrow(packages: &mut Vec<TargetPackage>, chosen: &BuildArgs) -> anyhow::Result<()> {
    for wanted in &chosen.bench {
        let targets = || packages.iter().flat_map(|package| &package.targets);
        let benches = || targets().filter(|(kind, _)| *kind == Kind::Benches);
        if !benches().any(|(_, name)| name == wanted) {
            let names: Vec<&str> = benches().map(|(_, name)| name.as_str()).collect();
            return Err(unknown("bench target", wanted, names.into_iter()).into());
        }
    }
    packages.retain(|package| chosen.package.is_empty() || chosen.package.contains(&package.name));
    for package in packages.iter_mut() {
        package.targets.retain(|(kind, name)| {
            chosen.bench.is_empty() || (*kind == Kind::Benches && chosen.bench.contains(name))
        });
    }
    packages.retain(|package| !package.targets.is_empty());
    Ok(())
}

fn packages(
    workspace: &Workspace,
    chosen: &BuildArgs,
    kinds: &[Kind],
) -> anyhow::Result<Vec<TargetPackage>> {
    let members = workspace.members();
    for wanted in &chosen.package {
        if !members.iter().any(|package| package.name == *wanted) {
            let names = members.iter().map(|package| package.name.as_str());
            return Err(unknown("package", wanted, names).into());
        }
    }
    let package = |package: &&Package| {
        let manifest = package.manifest_path.as_std_path();
        let mut dependencies = package.dependencies.iter();
        TargetPackage {
            name: package.name.to_string(),
            folder: manifest.parent().unwrap_or(manifest).to_owned(),
            targets: targets(package, &enabled_features(package, chosen), kinds),
            has_perfkit: dependencies.any(|dependency| dependency.name == "perfkit"),
        }
    };
    Ok(members.iter().map(package).collect())
}

/// Targets whose `required-features` are on. Cargo skips the others, but fails when they are named.
fn targets(package: &Package, enabled: &BTreeSet<String>, kinds: &[Kind]) -> Vec<(Kind, String)> {
    let is_possible = |target: &&cargo_metadata::Target| {
        let required = &target.required_features;
        // A dependency's feature is cargo's to judge.
        required
            .iter()
            .all(|feature| feature.contains('/') || enabled.contains(feature))
    };
    package
        .targets
        .iter()
        .filter(is_possible)
        .filter_map(|target| Some((Kind::of(target)?, target.name.clone())))
        .filter(|(kind, _)| kinds.contains(kind))
        .collect()
}

/// Features of a package that the command line and its defaults switch on, with those that they bring along.
fn enabled_features(package: &Package, chosen: &BuildArgs) -> BTreeSet<String> {
    if chosen.all_features {
        return package.features.keys().cloned().collect();
    }
    let typed = chosen
        .features
        .iter()
        .flat_map(|features| features.split([',', ' ']))
        .map(|feature| {
            let of_this_package = feature.strip_prefix(&format!("{}/", package.name));
            of_this_package.unwrap_or(feature).to_owned()
        });
    let default = (!chosen.no_default_features).then(|| "default".to_owned());
    let mut waiting: Vec<String> = typed.chain(default).collect();
    let mut enabled = BTreeSet::new();
    while let Some(feature) = waiting.pop() {
        let brought = package.features.get(&feature);
        if enabled.insert(feature) {
            waiting.extend(brought.into_iter().flatten().cloned());
        }
    }
    enabled
}
