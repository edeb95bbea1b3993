//! What several metrics say of one change: one finding, a trade-off, a note, or a reason.

use perfkit_compare::because::join_types;
use perfkit_compare::policy::Policy;
use perfkit_model::comparison::{Comparison, Level, Verdict};
use perfkit_model::layout::TypeKind;
use perfkit_model::lint::{Lint, TypeFinding};
use perfkit_model::run::Run;

use crate::run_builder::{
    RunBuilder, allocator, check, check_with, found, function, moved, std_fn,
};

/// Leader and symptoms of every finding.
fn groups(comparison: &Comparison) -> Vec<String> {
    let symptoms = |finding: &perfkit_model::comparison::Finding| -> Vec<String> {
        let symptoms = finding.symptoms.iter();
        symptoms.map(|symptom| symptom.rule.clone()).collect()
    };
    comparison
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.rule, symptoms(finding).join(", ")))
        .collect()
}

/// `count` blocks of 1 kB at this line, each copied once at that line.
fn blocks_and_copies(count: u64, allocated_at: u32, copied_at: u32) -> Run {
    let line = |line| function("app::send", "src/app.rs", line);
    let bytes = count * 1_000;
    RunBuilder::new()
        .case("work", "")
        .exact("heap.allocs", count as f64)
        .exact("heap.bytes", bytes as f64)
        .exact("memcpy.calls", count as f64)
        .exact("memcpy.bytes", bytes as f64)
        .stack(
            &[line(allocated_at), allocator()],
            &[("heap.allocs", count), ("heap.bytes", bytes)],
        )
        .stack(
            &[line(copied_at), std_fn("core::ptr::copy")],
            &[("memcpy.calls", count), ("memcpy.bytes", bytes)],
        )
        .build()
}

#[test]
fn what_one_line_does_is_one_finding() {
    let comparison = check(&blocks_and_copies(10, 7, 7), &blocks_and_copies(20, 7, 7));
    assert_eq!(comparison.findings.len(), 1, "{:?}", groups(&comparison));
    assert_eq!(comparison.findings[0].symptoms.len(), 3);
}

#[test]
fn what_two_lines_do_are_two_findings() {
    let run = |count: u64| {
        let at = |name: &str, line| function(name, "src/app.rs", line);
        RunBuilder::new()
            .case("work", "")
            .exact("heap.allocs", count as f64)
            .exact("io.calls", count as f64)
            .stack(
                &[at("app::read", 3), allocator()],
                &[("heap.allocs", count)],
            )
            .stack(&[at("app::write", 5)], &[("io.calls", count)])
            .build()
    };
    let comparison = check(&blocks_and_copies(10, 7, 9), &blocks_and_copies(20, 7, 9));
    assert_eq!(comparison.findings.len(), 2, "{:?}", groups(&comparison));
    assert_eq!(
        groups(&check(&run(100), &run(200))),
        ["allocations-grew: ", "io-calls-grew: "]
    );
}

#[test]
fn what_has_no_stack_goes_with_the_only_cause() {
    let run = |count: u64| {
        let at = function("app::parse", "src/app.rs", 3);
        RunBuilder::new()
            .case("work", "")
            .exact("heap.allocs", count as f64)
            .exact("memcpy.calls", count as f64)
            .stack(&[at, allocator()], &[("heap.allocs", count)])
            .build()
    };
    let comparison = check(&run(100), &run(200));
    assert_eq!(groups(&comparison), ["allocations-grew: copies-grew"]);
}

fn metrics(id: &str, values: &[(&str, f64)], cpu: Option<f64>) -> Run {
    let builder = RunBuilder::new().id(id).case("work", "");
    let builder = values.iter().fold(builder, |builder, (metric, value)| {
        builder.exact(metric, *value)
    });
    match cpu {
        Some(factor) => builder.interleaved("time.cpu", 1e6, factor).build(),
        None => builder.build(),
    }
}

#[test]
fn growth_that_bought_something_dearer_is_a_trade_off() {
    let base = metrics("before", &[("heap.allocs", 100.0)], Some(1.0));
    let faster = metrics("after", &[("heap.allocs", 200.0)], Some(0.8));
    let comparison = check(&base, &faster);
    assert_eq!(found(&comparison), ["trade-off"]);
    assert_eq!(comparison.verdict, Verdict::Pass);
    let pinned: Policy =
        toml::from_str("[rules.allocations-grew]\npinned = true").expect("it is valid");
    let comparison = check_with(&base, &faster, &pinned);
    assert_eq!(comparison.verdict, Verdict::Regressed);
}

#[test]
fn nothing_pays_for_something_dearer() {
    // Fewer allocations, and memory that is not released.
    let base = metrics(
        "before",
        &[("heap.allocs", 900.0), ("heap.retained", 0.0)],
        None,
    );
    let head = metrics(
        "after",
        &[("heap.allocs", 9.0), ("heap.retained", 64_000.0)],
        None,
    );
    assert_eq!(found(&check(&base, &head)), ["retained-memory-grew"]);
    // A lower peak, more calls, and more time: time is dearer than what was gained.
    let base = metrics(
        "before",
        &[("io.calls", 10.0), ("heap.peak", 90_000.0)],
        Some(1.0),
    );
    let head = metrics(
        "after",
        &[("io.calls", 90.0), ("heap.peak", 9_000.0)],
        Some(1.5),
    );
    let comparison = check(&base, &head);
    assert!(!found(&comparison).contains(&"trade-off"));
    assert_eq!(comparison.verdict, Verdict::Regressed);
}

#[test]
fn a_little_time_alone_is_a_note_where_instructions_are_the_same() {
    let judged = |factor, instructions| {
        let run = |id: &str, factor, count: f64| {
            RunBuilder::new()
                .id(id)
                .case("work", "")
                .near("instructions.count", &[count, count + 100.0])
                .interleaved("time.cpu", 1e6, factor)
                .build()
        };
        let comparison = check(
            &run("before", 1.0, 1e7),
            &run("after", factor, instructions),
        );
        let levels = comparison.findings.iter().map(|finding| finding.level);
        (levels.max(), comparison.verdict)
    };
    assert_eq!(judged(1.03, 1.002e7), (Some(Level::Note), Verdict::Pass));
    assert_eq!(
        judged(1.03, 1.03e7),
        (Some(Level::Deny), Verdict::Regressed)
    );
    assert_eq!(
        judged(1.12, 1.002e7),
        (Some(Level::Deny), Verdict::Regressed)
    );
    assert_eq!(judged(1.0, 1.002e7), (None, Verdict::Pass));
}

fn lint(name: &str, base: u64, head: u64) -> Lint {
    Lint {
        verdict: Verdict::Regressed,
        findings: vec![TypeFinding {
            rule: "type-grew".to_owned(),
            level: Level::Deny,
            type_name: name.to_owned(),
            krate: "app".to_owned(),
            kind: TypeKind::Struct,
            place: None,
            base: Some(base),
            head,
            message: format!("`{name}` grew"),
            cause: None,
            chain: Vec::new(),
            holders: Vec::new(),
            remedy: None,
            evidence: Vec::new(),
            fingerprint: name.to_owned(),
        }],
        ..Lint::default()
    }
}

/// Moves of a result that holds an error.
fn moves(size: u64) -> Run {
    let leaf = moved(
        "core::result::Result<u64, app::Error>",
        size,
        "src/app.rs",
        9,
    );
    RunBuilder::new()
        .case("work", "")
        .exact("memcpy.bytes", 100.0 * size as f64)
        .stack(
            &[function("app::send", "src/app.rs", 9), leaf],
            &[("memcpy.bytes", 100 * size), ("memcpy.calls", 100)],
        )
        .build()
}

#[test]
fn a_type_that_grew_is_the_reason_of_its_moves() {
    let reasons = |name: &str, base, head| {
        let mut comparison = check(&moves(304), &moves(4_400));
        join_types(&mut comparison, lint(name, base, head));
        let because = comparison.findings[0].because.iter();
        let because: Vec<String> = because.map(|grown| grown.message.clone()).collect();
        assert_eq!(comparison.types.len() + because.len(), 1);
        because
    };
    assert_eq!(reasons("app::Error", 296, 4_392), ["`app::Error` grew"]);
    // Another type's name is in no name that is moved.
    assert!(reasons("app::Err", 10, 400).is_empty());
    assert!(reasons("other::app::Error", 10, 400).is_empty());
}

#[test]
fn a_type_that_grew_by_the_same_ratio_is_a_likely_reason() {
    let run = |bytes: u64| {
        RunBuilder::new()
            .case("work", "")
            .exact("heap.bytes", bytes as f64)
            .stack(
                &[function("app::fill", "src/app.rs", 9), allocator()],
                &[("heap.bytes", bytes)],
            )
            .build()
    };
    let mut comparison = check(&run(56_000), &run(80_000));
    join_types(&mut comparison, lint("app::Order", 56, 80));
    assert_eq!(
        comparison.findings[0].because[0].message,
        "likely `app::Order` grew"
    );
    let mut comparison = check(&run(56_000), &run(81_000));
    join_types(&mut comparison, lint("app::Order", 56, 80));
    assert_eq!(comparison.types.len(), 1);
}
