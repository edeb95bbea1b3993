//! Which crate may depend on which: the table of `crates/README.md`, held against what cargo says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Dependencies from the registry that reach users' projects without being asked for. A heavy one belongs behind
/// a feature; a light one is added here by whoever can say why it is worth it.
const REACH_USERS: [(&str, &[&str]); 3] = [
    // hdrhistogram brings two small crates with it, and is what counts latencies.
    (
        "perfkit",
        &["hdrhistogram", "serde_json", "thiserror", "tokio"],
    ),
    ("perfkit-hooks", &["libc"]),
    ("perfkit-model", &["serde", "serde_json"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every package of the workspace by name.
fn packages() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                package.clone(),
            )
        })
        .collect()
}

/// Names of the dependencies that fit.
fn dependencies(package: &Value, fits: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dependency| fits(dependency))
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

/// First and last cell of each row of the table, as the names in them.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("crates/README.md")).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.ends_with("| may depend on |"));
    rows.skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
            let names = |cell: &str| -> Vec<String> {
                cell.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect()
            };
            let [name] = names(cells[0]).try_into().unwrap();
            (name, names(cells.last().unwrap()).into_iter().collect())
        })
        .collect()
}

#[test]
fn the_table_has_a_row_for_every_crate() {
    let in_crates = |package: &&Value| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        manifest
            .ancestors()
            .nth(2)
            .is_some_and(|folder| folder.ends_with("crates"))
    };
    let packages = packages();
    let crates: BTreeSet<&str> = packages
        .values()
        .filter(in_crates)
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    let table = table();
    let rows: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    assert_eq!(rows, crates);
}

#[test]
fn every_crate_keeps_to_the_table() {
    let packages = packages();
    for (name, allowed) in table() {
        // Tests of a crate keep to it too.
        let ours = dependencies(&packages[&name], |dependency| {
            dependency["path"].is_string()
        });
        let surplus: Vec<&String> = ours.difference(&allowed).collect();
        assert!(surplus.is_empty(), "{name} may not depend on {surplus:?}");
        let unused: Vec<&String> = allowed.difference(&ours).collect();
        assert!(
            unused.is_empty(),
            "{name} does not depend on {unused:?} any more; the table still allows it"
        );
    }
}

#[test]
fn workloads_know_perfkit_and_no_other_crate_of_ours() {
    let crates = table();
    for (name, package) in packages() {
        if crates.contains_key(&name) {
            continue;
        }
        let ours = dependencies(&package, |dependency| {
            crates.contains_key(dependency["name"].as_str().unwrap())
        });
        assert_eq!(ours, BTreeSet::from(["perfkit".to_owned()]), "{name}");
        let shipped = dependencies(&package, |dependency| {
            dependency["name"] == "perfkit" && dependency["kind"] != "dev"
        });
        assert!(
            shipped.is_empty(),
            "{name} may know perfkit in its benches only"
        );
    }
}

#[test]
fn nothing_heavy_reaches_users_unasked() {
    let packages = packages();
    for (name, expected) in REACH_USERS {
        let unasked = dependencies(&packages[name], |dependency| {
            dependency["path"].is_null()
                && dependency["kind"].is_null()
                && dependency["optional"] == false
        });
        let unasked: Vec<&str> = unasked.iter().map(String::as_str).collect();
        assert_eq!(unasked, expected, "{name}");
    }
}
