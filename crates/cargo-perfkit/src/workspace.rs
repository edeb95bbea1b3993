//! The user's workspace: its packages and its folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::cli::Global;
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

    /// The workspace in another folder, with this one in place of `target/perfkit`.
    pub(crate) fn at(root: &Path, target: &Path) -> anyhow::Result<Self> {
        let mut command = MetadataCommand::new();
        command
            .manifest_path(root.join("Cargo.toml"))
            .current_dir(root);
        let metadata = command.exec().with_context(|| {
            Failure::new(format!("cargo does not understand the workspace in {}", root.display()))
                .hint("`cargo metadata` in there says the same; of a revision, paths that lead out of the repository lead elsewhere: compare with a stored baseline instead")
        })?;
        Ok(Self {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            target: target.to_owned(),
            metadata,
        })
    }

    /// Packages of the workspace.
    pub(crate) fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// Whether a package of the workspace, or one that it depends on, has a feature: `perfkit/cpu`.
    pub(crate) fn offers(&self, feature: &str) -> bool {
        let Some((package, name)) = feature.split_once('/') else {
            return false;
        };
        let mut packages = self.metadata.packages.iter();
        packages.any(|it| it.name == package && it.features.contains_key(name))
    }

    /// Crate names, with underscores, of everything in the workspace, bench targets included.
    pub(crate) fn crate_names(&self) -> BTreeSet<String> {
        self.members()
            .into_iter()
            .flat_map(|package| &package.targets)
            .map(|target| target.name.replace('-', "_"))
            .collect()
    }

    /// Folder of the package that has this crate.
    pub(crate) fn folder_of_crate(&self, krate: &str) -> Option<PathBuf> {
        let is_of_it = |package: &&&Package| root_file(package, krate).is_some();
        let members = self.members();
        let package = members.iter().find(is_of_it)?;
        Some(package.manifest_path.parent()?.as_std_path().to_owned())
    }

    /// The source file that a crate begins with.
    pub(crate) fn root_file(&self, krate: &str) -> Option<PathBuf> {
        let members = self.members();
        members
            .into_iter()
            .find_map(|package| root_file(package, krate))
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

fn root_file(package: &Package, krate: &str) -> Option<PathBuf> {
    let mut targets = package.targets.iter();
    let target = targets.find(|target| target.name.replace('-', "_") == krate)?;
    Some(target.src_path.clone().into_std_path_buf())
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
