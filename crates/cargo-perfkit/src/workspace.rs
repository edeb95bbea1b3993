//! The user's workspace: its packages, its bench targets, its folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

use crate::cli::{BuildArgs, Global};
use crate::failure::{Failure, nearest};

/// The user's workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// `target/perfkit`.
    pub(crate) target: PathBuf,
    metadata: Metadata,
}

/// A package with bench targets that may hold workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BenchPackage {
    /// Name.
    pub(crate) name: String,
    /// Folder of its `Cargo.toml`: where its benches run.
    pub(crate) folder: PathBuf,
    /// Bench targets.
    pub(crate) benches: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace of the current directory.
    #[tracing::instrument(level = "info", skip_all)]
    pub(crate) fn load(global: &Global) -> anyhow::Result<Self> {
        let mut command = MetadataCommand::new();
        if let Some(manifest) = &global.manifest_path {
            command.manifest_path(manifest);
        }
        let metadata = command.exec().map_err(|error| {
            let text = error.to_string();
            let said = text
                .trim()
                .trim_start_matches("`cargo metadata` exited with an error:")
                .trim()
                .trim_start_matches("error: ");
            Failure::usage(format!("there is no workspace to measure: {said}"))
                .hint("run inside a cargo workspace, or name one with `--manifest-path`")
        })?;
        Ok(Self {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            target: metadata
                .target_directory
                .clone()
                .into_std_path_buf()
                .join("perfkit"),
            metadata,
        })
    }

    /// Packages of the workspace.
    pub(crate) fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// Packages that depend on perfkit and have bench targets, narrowed by `chosen`.
    pub(crate) fn bench_packages(&self, chosen: &BuildArgs) -> anyhow::Result<Vec<BenchPackage>> {
        let members = self.members();
        for wanted in &chosen.package {
            if !members.iter().any(|package| package.name == *wanted) {
                return Err(unknown(
                    "package",
                    wanted,
                    members.iter().map(|package| package.name.as_str()),
                )
                .into());
            }
        }
        let with_perfkit: Vec<&Package> = members
            .iter()
            .copied()
            .filter(|package| {
                package
                    .dependencies
                    .iter()
                    .any(|dependency| dependency.name == "perfkit")
            })
            .collect();
        if with_perfkit.is_empty() {
            return Err(
                Failure::usage("no package of this workspace depends on perfkit")
                    .hint("`cargo perfkit init` adds the dependency and a first workload")
                    .into(),
            );
        }
        let all: Vec<BenchPackage> = with_perfkit
            .into_iter()
            .map(|package| bench_package(package, &enabled_features(package, chosen)))
            .collect();
        for wanted in &chosen.bench {
            let names = || {
                all.iter()
                    .flat_map(|package| package.benches.iter().map(String::as_str))
            };
            if !names().any(|name| name == wanted) {
                return Err(unknown("bench target", wanted, names()).into());
            }
        }
        let kept = all
            .into_iter()
            .filter(|package| chosen.package.is_empty() || chosen.package.contains(&package.name))
            .map(|mut package| {
                package
                    .benches
                    .retain(|bench| chosen.bench.is_empty() || chosen.bench.contains(bench));
                package
            })
            .filter(|package| !package.benches.is_empty())
            .collect::<Vec<_>>();
        if kept.is_empty() {
            return Err(Failure::usage("no package that depends on perfkit has a bench target")
                .hint("`cargo perfkit init` adds one; by hand it is a [[bench]] section with `harness = false`")
                .into());
        }
        Ok(kept)
    }

    /// Crate names, with underscores, of everything in the workspace, bench targets included.
    pub(crate) fn crate_names(&self) -> BTreeSet<String> {
        self.members()
            .into_iter()
            .flat_map(|package| &package.targets)
            .map(|target| target.name.replace('-', "_"))
            .collect()
    }

    /// Crate names of all dependencies.
    pub(crate) fn dependency_names(&self) -> BTreeSet<String> {
        let members = self
            .metadata
            .workspace_members
            .iter()
            .collect::<BTreeSet<_>>();
        self.metadata
            .packages
            .iter()
            .filter(|package| !members.contains(&package.id))
            .flat_map(|package| &package.targets)
            .filter(|target| !target.is_custom_build())
            .map(|target| target.name.replace('-', "_"))
            .collect()
    }

    /// Versions of all packages; several versions of one are joined.
    pub(crate) fn package_versions(&self) -> BTreeMap<String, String> {
        let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for package in &self.metadata.packages {
            versions
                .entry(package.name.to_string())
                .or_default()
                .push(package.version.to_string());
        }
        versions
            .into_iter()
            .map(|(name, mut versions)| {
                versions.sort();
                (name, versions.join(", "))
            })
            .collect()
    }

    /// The lock file's bytes, where there is one.
    pub(crate) fn lockfile(&self) -> Option<Vec<u8>> {
        std::fs::read(self.root.join("Cargo.lock")).ok()
    }

    /// Makes a folder under `target/perfkit`.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.target.join(name);
        create_folder(&path, "or point CARGO_TARGET_DIR elsewhere")?;
        Ok(path)
    }
}

/// Makes a folder. Where that fails the error says what to do, `or` what else.
pub(crate) fn create_folder(path: &Path, or: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| {
        Failure::new(format!("failed to create {}", path.display())).hint(format!(
            "check the permissions above it and the free space, {or}"
        ))
    })
}

/// "No such thing", with what there is.
pub(crate) fn unknown<'a>(
    kind: &str,
    wanted: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Failure {
    let failure = Failure::usage(format!("no {kind} is called `{wanted}`"));
    if let Some(name) = nearest(wanted, names.clone()) {
        return failure.hint(format!("did you mean `{name}`?"));
    }
    let names: BTreeSet<&str> = names.collect();
    if names.is_empty() {
        return failure.hint("there are none");
    }
    failure.hint(format!(
        "there are: {}",
        names.into_iter().collect::<Vec<_>>().join(", ")
    ))
}

/// Bench targets whose `required-features` are on. Cargo skips the others, but fails when they are named.
fn bench_package(package: &Package, enabled: &BTreeSet<String>) -> BenchPackage {
    let manifest = package.manifest_path.as_std_path();
    BenchPackage {
        name: package.name.to_string(),
        folder: manifest.parent().unwrap_or(manifest).to_owned(),
        benches: package
            .targets
            .iter()
            .filter(|target| target.kind.contains(&TargetKind::Bench))
            .filter(|target| {
                let required = &target.required_features;
                // A dependency's feature is cargo's to judge.
                required
                    .iter()
                    .all(|feature| feature.contains('/') || enabled.contains(feature))
            })
            .map(|target| target.name.clone())
            .collect(),
    }
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
