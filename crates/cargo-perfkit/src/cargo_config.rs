//! The few settings of cargo's own configuration that the build has to respect.
//!
//! Cargo offers no stable way to ask for a configuration value, so the files are read in cargo's order.

use std::path::{Path, PathBuf};

/// The user's own compiler wrappers, which ours calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wrappers {
    /// `build.rustc-wrapper`, such as sccache.
    pub(crate) all: Option<String>,
    /// `build.rustc-workspace-wrapper`.
    pub(crate) workspace: Option<String>,
}

/// The triple that cargo builds for where nobody chooses one: `build.target`.
pub(crate) fn triple(directory: &Path) -> Option<String> {
    let variable = std::env::var("CARGO_BUILD_TARGET").ok();
    let configured = || {
        files(directory).find_map(|path| {
            let file: toml::Table = std::fs::read_to_string(path).ok()?.parse().ok()?;
            let target = file.get("build")?.get("target")?;
            let one = target.as_array().and_then(|all| all.first());
            Some(one.unwrap_or(target).as_str()?.to_owned())
        })
    };
    variable
        .filter(|triple| !triple.is_empty())
        .or_else(configured)
}

/// Whether somebody builds the standard library with everything else, and needs none that is installed.
pub(crate) fn builds_std() -> bool {
    std::env::var_os("CARGO_UNSTABLE_BUILD_STD").is_some()
}

/// Reads variables first, then `.cargo/config.toml` from `directory` upwards, then cargo's home.
pub(crate) fn wrappers(directory: &Path) -> Wrappers {
    let here = std::env::current_dir().unwrap_or_default();
    let variable = |names: [&str; 2]| {
        let value = names.iter().find_map(|name| std::env::var(name).ok())?;
        Some(program(&here, &value))
    };
    let files: Vec<(PathBuf, toml::Table)> = files(directory)
        .filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            // Paths in a file are relative to the folder that holds `.cargo`.
            let root = path.parent()?.parent()?.to_owned();
            Some((root, text.parse().ok()?))
        })
        .collect();
    let configured = |key: &str| {
        files
            .iter()
            .find_map(|(root, file)| Some(program(root, file.get("build")?.get(key)?.as_str()?)))
    };
    let named = |wrapper: Option<String>| wrapper.filter(|wrapper| !wrapper.is_empty());
    Wrappers {
        all: named(
            variable(["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"])
                .or_else(|| configured("rustc-wrapper")),
        ),
        workspace: named(
            variable([
                "RUSTC_WORKSPACE_WRAPPER",
                "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
            ])
            .or_else(|| configured("rustc-workspace-wrapper")),
        ),
    }
}

/// A program as cargo understands it: a bare name is looked up in `PATH`, a path is relative to its `root`.
fn program(root: &Path, value: &str) -> String {
    if value.contains('/') {
        root.join(value).display().to_string()
    } else {
        value.to_owned()
    }
}

fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    directory
        .ancestors()
        .map(|ancestor| ancestor.join(".cargo"))
        .chain(home)
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")])
        .collect::<Vec<_>>()
        .into_iter()
}
