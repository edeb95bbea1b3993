//! Workloads with spans, whose stages are told apart.

use serde_json::Value;

use crate::sandbox::Sandbox;

const BENCH: &str = r#"//! Two stages with a queue between them, a span that lives longer than an iteration, and code without spans.

use perfkit::{Bench, Case, Units};
use tracing::{Instrument as _, Span, info_span};

perfkit::main!(pipeline, plain, other_subscriber);

fn spin(microseconds: u128) {
    let start = std::time::Instant::now();
    while start.elapsed().as_micros() < microseconds {}
}

fn waiting(bytes: usize) -> Span {
    info_span!(parent: None, "write", bytes)
}

fn pipeline(bench: &mut Bench) {
    bench
        .workload("pipeline")
        .variants(["quick", "slow"])
        .set_up(async |case: &Case| (info_span!("forever"), if case.is("slow") { 3_000 } else { 200 }))
        .units(|_| Units::items(4))
        .iterate(async |(_, pause): &mut (Span, u128)| {
            let queue: Vec<Span> = (0..4)
                .map(|_| info_span!("read", items = 2_u64).in_scope(|| waiting(100)))
                .collect();
            for span in queue {
                async {
                    info_span!("hash").in_scope(|| spin(*pause));
                    tokio::task::yield_now().await;
                }
                .instrument(span)
                .await;
            }
        })
        .check(|_, ()| Ok(()));
}

fn plain(bench: &mut Bench) {
    bench
        .workload("plain")
        .set_up(async |_: &Case| ())
        .iterate(async |()| spin(100))
        .check(|(), ()| Ok(()));
}

struct Deaf;

impl tracing::Subscriber for Deaf {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool { false }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id { tracing::Id::from_u64(1) }
    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}
}

fn other_subscriber(bench: &mut Bench) {
    bench
        .workload("subscribed")
        .on_request()
        .set_up(async |_: &Case| tracing::subscriber::set_global_default(Deaf).expect("nobody subscribes"))
        .iterate(async |()| ())
        .check(|(), ()| Ok(()));
}
"#;

/// What the bench target uses besides perfkit.
const DEPENDENCIES: &str = r#"tokio = { version = "1", default-features = false, features = ["rt"] }
tracing = { version = "0.1", default-features = false }"#;

fn sandbox(name: &str) -> Sandbox {
    Sandbox::bench(name, BENCH, DEPENDENCIES)
}

#[test]
fn stages_are_told_apart() {
    let sandbox = sandbox("staged");
    let arguments = [
        "run", "pipeline", "--lens", "stages", "--quick", "--format", "json",
    ];
    let outcome = sandbox.perfkit(&arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let stages = &report["run"]["cases"][0]["stages"];
    let iterations = stages["iterations"].as_u64().expect("a number");
    let all = stages["stages"].as_array().expect("there are stages");
    // The span that never ends is none of them.
    let names: Vec<&str> = all.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["read", "write", "write/hash"]);
    let counts = |key: &str| -> Vec<u64> {
        all.iter()
            .filter_map(|it| Some(it[key].as_u64()? / iterations))
            .collect()
    };
    assert_eq!(counts("spans"), [4, 4, 4]);
    assert_eq!(counts("items"), [8, 4, 4]);
    assert_eq!(counts("bytes"), [0, 400, 0]);
    let number = |stage: usize, pointer: &str| {
        all[stage]
            .pointer(pointer)
            .and_then(Value::as_f64)
            .expect("a number")
    };
    assert_eq!(number(1, "/most_pending"), 4.0);
    // The last message waits for the three before it, each of which takes 200 µs of the processor.
    assert!(number(1, "/queueing/percentiles/max") >= 600e3, "{all:?}");
    assert!(number(2, "/busy") >= 800e3 * iterations as f64, "{all:?}");
    assert!(number(1, "/processing/percentiles/p50") >= 200e3, "{all:?}");
    assert!(
        all[2]["file"]
            .as_str()
            .is_some_and(|file| file.ends_with("bench.rs")),
        "{all:?}"
    );
    let over_time = all[2]["over_time"].as_array().expect("there are slices");
    let items: u64 = over_time.iter().filter_map(|it| it["items"].as_u64()).sum();
    assert_eq!(items, 4 * iterations);

    let said = sandbox.perfkit(&["report", "--format", "terminal"]).stdout;
    assert!(said.contains("stages: write/hash works most, "), "{said}");
    assert!(said.contains("waits p99"), "{said}");
}

#[test]
fn stages_of_two_variants() {
    let sandbox = sandbox("staged-twice");
    let sides = [
        "compare",
        "pipeline",
        "--base",
        "variant:quick",
        "--head",
        "variant:slow",
    ];
    let arguments = [&sides[..], &["--lens", "stages", "--quick"]].concat();
    let outcome = sandbox.perfkit(&arguments);
    // Nothing of it is judged.
    assert_eq!(outcome.code, Some(4), "{}", outcome.text());
    let line = outcome
        .stdout
        .lines()
        .find(|line| line.trim_start().starts_with("hash "));
    let line = line.unwrap_or_else(|| panic!("no line of the stage in {}", outcome.stdout));
    let milliseconds = line.split_whitespace().filter(|word| *word == "ms").count();
    assert!(milliseconds >= 1, "3 ms beside 200 µs: {line}");
    assert!(line.contains("µs"), "3 ms beside 200 µs: {line}");
}

#[test]
fn code_without_spans() {
    let sandbox = sandbox("unstaged");
    let outcome = sandbox.perfkit(&["run", "plain", "--lens", "stages", "--quick"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    assert!(outcome.text().contains("info_span!"), "{}", outcome.text());
}

#[test]
fn a_workload_that_subscribes_itself() {
    let sandbox = sandbox("deaf");
    let outcome = sandbox.perfkit(&["run", "subscribed", "--lens", "stages", "--quick"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.text());
    assert!(
        outcome.text().contains("nobody subscribes"),
        "{}",
        outcome.text()
    );
    let outcome = sandbox.perfkit(&["run", "subscribed", "--lens", "time", "--quick"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
}
