//! Workloads that declare a load, that are not available, and that run on request.

use serde_json::Value;

use crate::sandbox::Sandbox;

const BENCH: &str = r#"//! Requests that take a millisecond of the processor.

use perfkit::load::{Step, open_loop};
use perfkit::{Bench, Case};

perfkit::main!(spinning, elsewhere, seldom);

fn spin() -> bool {
    let start = std::time::Instant::now();
    while start.elapsed().as_micros() < 1_000 {}
    true
}

fn spinning(bench: &mut Bench) {
    bench
        .workload("spinning")
        .set_up(async |_: &Case| ())
        .iterate(async |()| spin())
        .load(100.0, async |(), step: Step| Ok(open_loop(step, async || spin()).await))
        .check(|(), _| Ok(()));
}

fn elsewhere(bench: &mut Bench) {
    bench
        .workload("elsewhere")
        .set_up(async |_: &Case| -> u8 { perfkit::not_available("there is no moon: go where one is") })
        .iterate(async |byte| *byte)
        .check(|_, _| Ok(()));
}

fn seldom(bench: &mut Bench) {
    bench
        .workload("seldom")
        .on_request()
        .set_up(async |_: &Case| Vec::new())
        .before_each(async |bytes: &mut Vec<u8>| bytes.extend([1, 2, 3]))
        .iterate(async |bytes| std::mem::take(bytes))
        .check(|_, bytes| if bytes.len() == 3 { Ok(()) } else { Err(format!("{bytes:?}")) });
}
"#;

fn sandbox(name: &str) -> Sandbox {
    Sandbox::bench(name, BENCH, "")
}

#[test]
fn a_load_rises_past_its_knee() {
    let sandbox = sandbox("risen");
    let arguments = ["run", "--lens", "load", "--quick", "--format", "json"];
    let outcome = sandbox.perfkit(&arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
    let cases = report["run"]["cases"].as_array().expect("there are cases");
    // The other workload declares no load and has nothing to measure.
    assert_eq!(cases.len(), 1, "{cases:?}");
    let steps = cases[0]["load"].as_array().expect("there are steps");
    let numbers = |key: &str| -> Vec<f64> {
        let steps = steps.iter();
        steps.filter_map(|step| step[key].as_f64()).collect()
    };
    let rates = numbers("rate");
    // How far it gets depends on what else the machine does; one processor never answers more than a thousand.
    assert!(rates.len() >= 2 && rates.is_sorted(), "{rates:?}");
    assert_eq!(rates[0], 100.0);
    let (sent, done) = (numbers("sent"), numbers("done"));
    assert_eq!(sent[0], 50.0, "half a second at 100 requests per second");
    assert!(done.iter().all(|done| *done < 550.0), "{done:?}");
    let said = sandbox.perfkit(&["report", "--format", "terminal"]).stdout;
    assert!(said.contains("under load: "), "{said}");
    assert!(said.contains("offered/s"), "{said}");
}

#[test]
fn a_load_that_nobody_declared() {
    let outcome = sandbox("undeclared").perfkit(&["run", "elsewhere", "--lens", "load"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.text());
    assert!(
        outcome.stderr.contains("declares a load"),
        "{}",
        outcome.text()
    );
}

#[test]
fn a_workload_that_is_not_available() {
    let sandbox = sandbox("unavailable");
    let outcome = sandbox.perfkit(&["run", "--lens", "time,heap", "--quick"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    assert!(
        outcome.text().contains("there is no moon"),
        "{}",
        outcome.text()
    );
    assert!(outcome.stdout.contains("spinning"), "{}", outcome.text());
    assert!(!outcome.text().contains("panicked"), "{}", outcome.text());
}

#[test]
fn a_workload_on_request() {
    let sandbox = sandbox("requested");
    let cases = |arguments: &[&str]| -> Vec<String> {
        let fixed = ["run", "--lens", "time", "--quick", "--format", "json"];
        let outcome = sandbox.perfkit(&[&fixed, arguments].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.text());
        let report: Value = serde_json::from_str(&outcome.stdout).expect("stdout is JSON alone");
        let cases = report["run"]["cases"].as_array().into_iter().flatten();
        cases
            .filter_map(|case| Some(case["id"]["workload"].as_str()?.to_owned()))
            .collect()
    };
    assert_eq!(cases(&[]), ["spinning", "elsewhere"]);
    assert_eq!(cases(&["--workspace"]), ["spinning", "elsewhere", "seldom"]);
    assert_eq!(cases(&["seldom"]), ["seldom"]);
    let listed = sandbox.perfkit(&["list"]).stdout;
    let line = listed.lines().find(|line| line.contains("seldom"));
    assert!(
        line.is_some_and(|line| line.ends_with(", on request")),
        "{listed}"
    );
}
