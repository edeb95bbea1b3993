//! Files of every format version load, and those of this version come out as they went in.

use std::fs;
use std::path::{Path, PathBuf};

use perfkit_model::RUN_FORMAT;
use perfkit_model::history::{Entry, HISTORY_FORMAT};
use perfkit_model::metric::Noise;
use perfkit_model::run::{CaseId, Outcome, Run};
use perfkit_model::stacks::Stacks;
use serde_json::Value;

use crate::schema;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn golden(name: &str, version: u32) -> Value {
    let path = folder().join(format!("{name}-{version}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; every format version keeps its golden file",
            path.display()
        )
    });
    serde_json::from_str(&text).unwrap()
}

#[test]
fn runs_of_every_version_load() {
    for version in 1..=RUN_FORMAT {
        let value = golden("run", version);
        assert_eq!(value["format"], version);
        let run: Run = serde_json::from_value(value.clone()).unwrap();
        if version == RUN_FORMAT {
            assert_eq!(serde_json::to_value(&run).unwrap(), value);
            schema::check("run.schema.json", &value).unwrap();
        }
    }
}

#[test]
fn stacks_of_every_version_load() {
    for version in 1..=RUN_FORMAT {
        let value = golden("stacks", version);
        let stacks: Vec<(CaseId, Stacks)> = serde_json::from_value(value.clone()).unwrap();
        for (_, stacks) in &stacks {
            for column in &stacks.columns {
                for (node, _) in &column.weights {
                    assert!(!stacks.path(*node).is_empty());
                }
            }
        }
        if version == RUN_FORMAT {
            assert_eq!(serde_json::to_value(&stacks).unwrap(), value);
        }
    }
}

#[test]
fn history_of_every_version_loads() {
    for version in 1..=HISTORY_FORMAT {
        let value = golden("history", version);
        assert_eq!(value["format"], version);
        let entry: Entry = serde_json::from_value(value.clone()).unwrap();
        if version == HISTORY_FORMAT {
            assert_eq!(serde_json::to_value(&entry).unwrap(), value);
            schema::check("history.schema.json", &value).unwrap();
        }
    }
}

/// A golden file that leaves something out would let it break unseen.
#[test]
fn the_golden_run_has_one_of_everything() {
    let run: Run = serde_json::from_value(golden("run", RUN_FORMAT)).unwrap();
    let noises = |wanted: Noise| {
        run.cases
            .iter()
            .flat_map(|case| case.measurements.values())
            .any(|measurement| measurement.noise == wanted)
    };
    assert!(
        [Noise::Exact, Noise::NearExact, Noise::Noisy]
            .into_iter()
            .all(noises)
    );
    let outcomes: Vec<&Outcome> = run
        .cases
        .iter()
        .flat_map(|case| &case.passes)
        .map(|pass| &pass.outcome)
        .collect();
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Measured))
    );
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::NotAvailable { .. }))
    );
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Failed { hint: Some(_), .. }))
    );
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Failed { hint: None, .. }))
    );
    assert_eq!(run.failures().count(), 2);
    let names: Vec<String> = run.cases.iter().map(|case| case.id.to_string()).collect();
    assert_eq!(names, ["ddsplit/8 [story]", "pagerank on multi_thread(2)"]);
}

#[test]
fn what_an_older_writer_left_out_has_a_default() {
    let mut value = golden("run", 1);
    for path in [
        "/environment/variables",
        "/environment/differences",
        "/environment/revision",
    ] {
        let (parent, key) = path.rsplit_once('/').unwrap();
        value
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(key);
    }
    let run: Run = serde_json::from_value(value).unwrap();
    assert_eq!(run.environment.revision, None);
    assert!(run.environment.variables.is_empty());
}
