//! What the command says about itself: help, rules, metrics, lenses, the machine.

use insta::assert_snapshot;
use perfkit_compare::rules::RULES;
use perfkit_model::lens::LENSES;
use perfkit_model::metric::METRICS;

use crate::sandbox::Sandbox;

#[test]
fn explain() {
    let sandbox = Sandbox::service();
    assert_snapshot!("explain_index", sandbox.perfkit(&["explain"]).text());
    for (what, ids) in [
        (
            "rules",
            RULES.iter().map(|rule| rule.id).collect::<Vec<_>>(),
        ),
        ("metrics", METRICS.iter().map(|metric| metric.id).collect()),
        ("lenses", LENSES.iter().map(|lens| lens.id).collect()),
        ("topics", vec!["allocator", "perfkit.toml"]),
    ] {
        let texts: Vec<String> = ids
            .iter()
            .map(|id| sandbox.perfkit(&["explain", id]).text())
            .collect();
        assert_snapshot!(format!("explain_{what}"), texts.join("\n"));
    }
}

#[test]
fn every_setting_that_is_explained_is_understood() {
    let sandbox = Sandbox::copy_of("service", "");
    let text = sandbox.perfkit(&["explain", "perfkit.toml"]).stdout;
    let settings: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .map(|line| format!("{line}\n"))
        .collect();
    sandbox.write("perfkit.toml", &settings);
    // Settings come before the run that is not there.
    let outcome = sandbox.perfkit(&["report"]);
    assert!(
        outcome.stderr.contains("there is no run yet"),
        "{}",
        outcome.text()
    );
}

#[test]
fn help() {
    let sandbox = Sandbox::service();
    assert_snapshot!("help", sandbox.perfkit(&["--help"]).text());
    // As cargo calls it.
    assert_snapshot!(
        "help_of_run",
        sandbox.perfkit(&["perfkit", "run", "--help"]).text()
    );
    assert_eq!(sandbox.perfkit(&[]).code, Some(2));
}

#[test]
fn doctor() {
    let sandbox = Sandbox::service();
    let outcome = sandbox.perfkit(&["doctor"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    // What it says about the machine is the machine's; the rest is the same everywhere.
    let (before, rest) = outcome.stdout.split_once("Machine\n").expect("a section");
    let (machine, after) = rest.split_once("Workspace\n").expect("a section");
    assert!(machine.contains("processors"), "{machine}");
    assert_snapshot!(outcome.redacted(&format!("{before}Workspace\n{after}")));
}

#[test]
fn doctor_in_a_bad_place() {
    let nowhere = Sandbox::of(&[("notes.txt", "no cargo here\n")]);
    assert_eq!(nowhere.perfkit(&["doctor"]).code, Some(0));
    let sandbox = Sandbox::copy_of("service", "")
        .with("RUSTC_WRAPPER", "/usr/bin/env")
        .with("MALLOC_ARENA_MAX", "1");
    sandbox.write("perfkit.toml", "time-limits = 3\n");
    let lib = sandbox.read("src/lib.rs");
    let declaration = "#[global_allocator]\nstatic A: std::alloc::System = std::alloc::System;\n";
    sandbox.write("src/lib.rs", &format!("{lib}\n{declaration}"));
    let outcome = sandbox.perfkit(&["doctor"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    // Of the machine's section only what was set above.
    let notes: Vec<&str> = outcome
        .stdout
        .lines()
        .skip_while(|line| !line.contains("MALLOC_ARENA_MAX"))
        .take_while(|line| !line.starts_with("Lenses"))
        .collect();
    assert_snapshot!(outcome.redacted(&notes.join("\n")));
}
