//! What a workspace can be measured under beside its variants: allocators, libraries, runtimes.
//!
//! `perfkit.toml` says what the values of an axis mean, and the command line chooses some: each combination is a cell.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cli::BuildArgs;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::workspace::unknown;

/// The axis that needs no settings: workloads run on these runtimes instead of their own.
const RUNTIME: &str = "runtime";

/// Axes with their values.
pub(crate) type Axes = BTreeMap<String, BTreeMap<String, Setting>>;

/// What a value of an axis means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Setting {
    /// Features of the workspace's packages to switch on.
    pub(crate) features: Vec<String>,
    /// Variables that workloads get to see.
    pub(crate) variables: BTreeMap<String, String>,
    /// Triple to build for.
    pub(crate) target: Option<String>,
}

/// One combination of values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As on the command line: `allocator=mimalloc,runtime=current_thread`. Empty for what is measured without a matrix.
    pub(crate) name: String,
    /// What all values come to.
    pub(crate) setting: Setting,
    /// The runtime to run on; none for what the workloads declare.
    pub(crate) runtime: Option<String>,
}

impl Cell {
    /// Fails where the command line names another target than the cell does.
    pub(crate) fn check(&self, chosen: &BuildArgs) -> Result<(), Failure> {
        match (&chosen.target, &self.setting.target) {
            (Some(chosen), Some(own)) if chosen != own => Err(Failure::usage(format!(
                "`--target {chosen}` and the cell `{}`, which is for `{own}`",
                self.name
            ))
            .hint("leave one of them out")),
            _ => Ok(()),
        }
    }

    /// The command line with the features and the target of this cell.
    pub(crate) fn build(&self, chosen: &BuildArgs) -> BuildArgs {
        BuildArgs {
            features: [&chosen.features[..], &self.setting.features].concat(),
            target: self
                .setting
                .target
                .clone()
                .or_else(|| chosen.target.clone()),
            ..chosen.clone()
        }
    }

    /// A folder for its files, within that of a run; none of its own without a matrix.
    pub(crate) fn folder(&self) -> String {
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        };
        self.name.chars().map(plain).collect()
    }

    /// The name of a variant in this cell.
    pub(crate) fn variant(&self, variant: Option<String>) -> Option<String> {
        match (variant, self.name.as_str()) {
            (variant, "") => variant,
            (Some(variant), name) => Some(format!("{variant}, {name}")),
            (None, name) => Some(name.to_owned()),
        }
    }

    /// This cell with one value more.
    fn with(&self, axis: &str, value: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut cell = self.clone();
        let has_axis = |pair: &str| pair.split('=').next() == Some(axis);
        if cell.name.split(',').any(has_axis) {
            return Err(Failure::usage(format!("the axis `{axis}` is named twice"))
                .hint("several values of one axis have commas between them"));
        }
        if !cell.name.is_empty() {
            cell.name.push(',');
        }
        cell.name.push_str(&format!("{axis}={value}"));
        let Some(values) = settings.matrix.get(axis) else {
            if axis == RUNTIME {
                cell.runtime = Some(runtime(value)?);
                return Ok(cell);
            }
            let axes = settings.matrix.keys().map(String::as_str);
            return Err(unknown("axis", axis, axes.chain([RUNTIME]))
                .hint("`[matrix.NAME]` in perfkit.toml defines an axis and its values"));
        };
        let setting = values
            .get(value)
            .ok_or_else(|| unknown(axis, value, values.keys().map(String::as_str)))?;
        cell.setting
            .features
            .extend(setting.features.iter().cloned());
        if let (Some(one), Some(other)) = (&cell.setting.target, &setting.target)
            && one != other
        {
            return Err(Failure::usage(format!(
                "the cell `{}` has two targets: `{one}` and `{other}`",
                cell.name
            )));
        }
        cell.setting.target = setting.target.clone().or(cell.setting.target);
        let variables = setting.variables.iter();
        cell.setting
            .variables
            .extend(variables.map(|(name, value)| (name.clone(), value.clone())));
        Ok(cell)
    }
}

/// The cell of this name: `allocator=mimalloc`, and others behind commas.
pub(crate) fn cell(name: &str, settings: &Settings) -> Result<Cell, Failure> {
    name.split(',').try_fold(Cell::default(), |cell, pair| {
        let (axis, value) = pair.split_once('=').ok_or_else(|| not_an_axis(pair))?;
        cell.with(axis.trim(), value.trim(), settings)
    })
}

/// Every combination of the values of these axes, each as `allocator=system,mimalloc`. Without any, the one cell that
/// changes nothing.
pub(crate) fn cells(axes: &[String], settings: &Settings) -> Result<Vec<Cell>, Failure> {
    let mut cells = vec![Cell::default()];
    for axis in axes {
        let (name, values) = axis.split_once('=').ok_or_else(|| not_an_axis(axis))?;
        let mut next = Vec::new();
        for cell in &cells {
            for value in values.split(',') {
                let cell = cell.with(name.trim(), value.trim(), settings)?;
                if !next.contains(&cell) {
                    next.push(cell);
                }
            }
        }
        cells = next;
    }
    Ok(cells)
}

fn not_an_axis(text: &str) -> Failure {
    Failure::usage(format!("`{text}` is no axis with values"))
        .hint("write `--matrix allocator=system,mimalloc`; `cargo perfkit explain perfkit.toml` says how an axis is defined")
}

/// A runtime as workloads name it.
fn runtime(text: &str) -> Result<String, Failure> {
    let workers = text
        .strip_prefix("multi_thread(")
        .and_then(|rest| rest.strip_suffix(')'));
    let is_known = text == "current_thread"
        || workers.is_some_and(|workers| workers.parse::<u32>().is_ok_and(|workers| workers > 0));
    if is_known {
        Ok(text.to_owned())
    } else {
        Err(Failure::usage(format!("no runtime is called `{text}`"))
            .hint("there are `current_thread` and `multi_thread(n)`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let text = "[matrix.allocator]\nsystem = {}\nmimalloc = { features = [\"app/mimalloc\"] }\n\
                    slow = { variables = { MALLOC_TOP_PAD_ = \"0\" } }\n\
                    [matrix.tls]\nring = {}\nopenssl = { features = [\"app/openssl\"] }\n";
        toml::from_str(text).expect("valid settings")
    }

    #[test]
    fn every_combination_is_a_cell() {
        let axes = [
            "allocator=system,mimalloc".to_owned(),
            "tls=ring,openssl".to_owned(),
        ];
        let cells = cells(&axes, &settings()).expect("known axes");
        let shown: Vec<String> = cells
            .iter()
            .map(|cell| format!("{}: {}", cell.name, cell.setting.features.join(" ")))
            .collect();
        assert_eq!(
            shown,
            [
                "allocator=system,tls=ring: ",
                "allocator=system,tls=openssl: app/openssl",
                "allocator=mimalloc,tls=ring: app/mimalloc",
                "allocator=mimalloc,tls=openssl: app/mimalloc app/openssl",
            ]
        );
        assert_eq!(
            super::cells(&[], &settings()).expect("nothing"),
            [Cell::default()]
        );
    }

    #[test]
    fn a_cell_has_variables_and_a_runtime() {
        let cell = cell("allocator=slow,runtime=multi_thread(3)", &settings()).expect("known");
        assert_eq!(cell.runtime.as_deref(), Some("multi_thread(3)"));
        assert_eq!(cell.setting.variables["MALLOC_TOP_PAD_"], "0");
        let named = cell.variant(Some("cured".to_owned()));
        assert_eq!(
            named.as_deref(),
            Some("cured, allocator=slow,runtime=multi_thread(3)")
        );
    }

    #[test]
    fn mistakes_are_named() {
        let said = |name: &str| {
            let failure = cell(name, &settings()).expect_err("a mistake");
            failure.to_string()
        };
        assert!(said("alocator=system").contains("no axis is called `alocator`"));
        assert!(said("allocator=jemalloc").contains("no allocator is called `jemalloc`"));
        assert!(said("mimalloc").contains("is no axis with values"));
        assert!(said("runtime=multi_thread(0)").contains("no runtime"));
        assert!(said("tls=ring,tls=openssl").contains("named twice"));
    }
}
