//! Every rule has a pair that only it finds, and is silent on a run against itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use perfkit_compare::rules::{Change, Check, RULES, rule};
use perfkit_model::comparison::{Level, Verdict};
use perfkit_model::run::Run;

use crate::run_builder::{RunBuilder, check, found};

/// A before/after pair, named for the rule that finds it.
fn pairs() -> Vec<(&'static str, Run, Run)> {
    let exact = |id, metric: &str, base, head| {
        let run = |value| {
            RunBuilder::new()
                .case("work", "")
                .exact(metric, value)
                .build()
        };
        (id, run(base), run(head))
    };
    let near = |metric: &str, samples: &[f64]| {
        RunBuilder::new()
            .case("work", "")
            .near(metric, samples)
            .build()
    };
    let timed = |id: &str, factor: f64| {
        RunBuilder::new()
            .id(id)
            .case("work", "")
            .exact("heap.allocs", 5.0)
            .interleaved("time.cpu", 1e6, factor)
            .build()
    };
    let boxed = |allocations, copied| {
        RunBuilder::new()
            .case("work", "")
            .exact("heap.allocs", allocations)
            .exact("memcpy.bytes", copied)
            .build()
    };
    let growing = |values: [f64; 3]| {
        let cases = [1, 8, 64].into_iter().zip(values);
        let begun = |builder: RunBuilder, (arg, value)| {
            builder
                .case("work", "")
                .arg(arg)
                .exact("heap.allocs", value)
        };
        cases.fold(RunBuilder::new(), begun).build()
    };
    vec![
        (
            "exponent-grew",
            growing([1_000.0, 1_000.0, 1_010.0]),
            growing([1_000.0, 1_300.0, 4_000.0]),
        ),
        ("cpu-time-grew", timed("before", 1.0), timed("after", 1.05)),
        ("trade-off", boxed(10.0, 1e6), boxed(20.0, 5e5)),
        (
            "instructions-grew",
            near("instructions.count", &[10_000_000.0, 10_001_000.0]),
            near("instructions.count", &[10_200_000.0, 10_201_000.0]),
        ),
        exact("allocations-grew", "heap.allocs", 100.0, 102.0),
        exact("reallocations-grew", "heap.reallocs", 0.0, 9.0),
        exact("allocated-bytes-grew", "heap.bytes", 10_000.0, 10_064.0),
        exact("peak-memory-grew", "heap.peak", 50_000.0, 51_000.0),
        exact("retained-memory-grew", "heap.retained", 0.0, 64.0),
        exact("copies-grew", "memcpy.calls", 962.0, 1_924.0),
        exact("copied-bytes-grew", "memcpy.bytes", 2e6, 48e6),
        exact("io-calls-grew", "io.calls", 10.0, 20.0),
        exact("io-bytes-grew", "io.bytes", 4_096.0, 8_192.0),
        (
            "iterations-differ",
            exact("", "heap.allocs", 100.0, 0.0).1,
            near("heap.allocs", &[99.0, 100.0, 102.0]),
        ),
    ]
}

#[test]
fn every_rule_finds_its_pair_and_no_other() {
    let table: Vec<String> = pairs()
        .iter()
        .map(|(id, base, head)| {
            let comparison = check(base, head);
            assert_eq!(found(&comparison), [*id]);
            let denied = comparison
                .findings
                .iter()
                .any(|finding| finding.level == Level::Deny);
            assert_eq!(denied, comparison.verdict == Verdict::Regressed, "{id}");
            let finding = &comparison.findings[0];
            format!("{:?} {id}: {}", finding.level, finding.message)
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn every_rule_has_a_pair() {
    let with_pair: BTreeSet<&str> = pairs().iter().map(|(id, _, _)| *id).collect();
    let of_metrics = RULES
        .iter()
        .filter(|rule| !matches!(rule.check, Check::Types(_)) && rule.level > Level::Allow);
    let all: BTreeSet<&str> = of_metrics.map(|rule| rule.id).collect();
    assert_eq!(with_pair, all);
}

#[test]
fn nothing_is_found_in_a_run_against_itself() {
    for (id, base, head) in pairs() {
        for run in [&base, &head] {
            let comparison = check(run, run);
            assert_eq!(found(&comparison), [""; 0], "{id}");
            assert_eq!(comparison.verdict, Verdict::Pass, "{id}");
        }
    }
}

#[test]
fn nothing_is_found_in_a_cure() {
    for (id, base, head) in pairs() {
        let back: &[&str] = match id {
            // What was bought is given up again.
            "trade-off" => &["copied-bytes-grew"],
            _ => &[],
        };
        assert_eq!(found(&check(&head, &base)), back, "{id}");
    }
}

#[test]
fn ids_are_file_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "mod.rs")
        .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
        .collect();
    let ids: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(files, ids);
    assert_eq!(ids.len(), RULES.len());
}

#[test]
fn every_rule_explains_itself() {
    for row in RULES {
        assert_eq!(rule(row.id).map(|rule| rule.id), Some(row.id));
        for part in [
            "Why it matters:",
            "How to fix it:",
            "Before:",
            "After:",
            "```rust",
        ] {
            assert!(row.explain.contains(part), "{} lacks {part}", row.id);
        }
        let Check::Metrics(check) = row.check else {
            continue;
        };
        let placeholders: &[&str] = match check.change {
            Change::Grew => &["{change}", "{base}", "{head}"],
            Change::TurnedInexact => &["{title}", "{spread}"],
        };
        for placeholder in placeholders {
            assert!(check.message.contains(placeholder), "{}", row.id);
        }
    }
    assert!(rule("no-such-rule").is_none());
}
