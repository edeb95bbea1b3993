//! Instructions, against a program that knows their proportions, and against what callgrind itself says.

use std::process::Output;

use perfkit_model::lens::Pass;
use perfkit_model::metric::Noise;
use perfkit_model::part::Reply;
use perfkit_model::request::{Action, Measure};
use perfkit_model::run::{Case, Outcome};
use perfkit_model::stacks::Frame;
use serde_json::Value;

use crate::place::{Place, target};
use crate::program::request;
use crate::run::weighted;

const METRIC: &str = "instructions.count";
/// Two processes of one binary differ by less, as a part of the whole.
const REPEATS: f64 = 0.001;

/// The case on a current-thread runtime, measured in a process of its own.
fn measured() -> Case {
    let run = Place::known_mix().run(&["known-turns", "--lens", "instructions"]);
    let (current, multi): (Vec<Case>, Vec<Case>) = run
        .cases
        .into_iter()
        .partition(|case| case.id.runtime == "current_thread");
    for case in multi {
        assert!(case.measurements.is_empty(), "{}", case.id);
        let Outcome::NotAvailable { reason } = &case.passes[0].outcome else {
            panic!("{:?}", case.passes);
        };
        assert!(reason.contains("current_thread"), "{reason}");
    }
    current
        .into_iter()
        .next()
        .expect("it declares this runtime")
}

fn differ(left: f64, right: f64) -> bool {
    (left - right).abs() > REPEATS * left.max(right)
}

/// Part of all instructions whose stack fits.
fn share(case: &Case, fits: impl Fn(&[&Frame]) -> bool) -> f64 {
    let stacks = weighted(&case.stacks, METRIC);
    let sum = |fits: &dyn Fn(&[&Frame]) -> bool| -> u64 {
        let fitting = stacks.iter().filter(|(path, _)| fits(path));
        fitting.map(|(_, count)| count).sum()
    };
    sum(&fits) as f64 / sum(&|_| true) as f64
}

#[test]
fn instructions_repeat_and_have_their_stacks() {
    let (case, again) = (measured(), measured());
    let value = case.measurements[METRIC].value;
    let other = again.measurements[METRIC].value;
    eprintln!("known-turns: {value} and {other} instructions");
    assert_eq!(case.measurements[METRIC].noise, Noise::NearExact);
    assert!(!differ(value, other), "{value} and {other}");

    // The stacks of all iterations together are all of their instructions.
    let samples: f64 = case.measurements[METRIC].samples.iter().sum();
    let column = case.stacks.column(METRIC).expect("there are stacks");
    assert_eq!(column.total() as f64, samples);

    // Of one loop, three quarters were turned by `long`. Only the chain of callers can tell.
    let below = |name: &'static str| {
        let has = move |path: &[&Frame], name: &str| path.iter().any(|frame| frame.name == name);
        move |path: &[&Frame]| has(path, name) && has(path, "known_mix::turns::turn")
    };
    let long = share(&case, below("known_mix::turns::long"));
    let short = share(&case, below("known_mix::turns::short"));
    eprintln!("of them {long:.4} below long and {short:.4} below short");
    assert!((long - 0.75).abs() < REPEATS, "{long}");
    assert!((short - 0.25).abs() < REPEATS, "{short}");
}

#[test]
fn instructions_equal_those_of_callgrind() {
    let program = Place::known_mix().program("known_mix");
    let folder = target().join(format!("callgrind-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("out");
    let out = format!("--callgrind-out-file={}", file.display());
    // Without the options that make stacks of it.
    let valgrind = [
        "valgrind",
        "--tool=callgrind",
        "--instr-atstart=no",
        "--quiet",
        &out,
    ];
    let measure = || Measure {
        warm_up: 2,
        iterations: 2,
        ..request("known-turns", Some("plain"), Pass::Instructions)
    };
    let part = program.measure_under(&valgrind, measure());
    assert_eq!(part.iterations.len(), 2);
    let totals = |iteration: u32| -> f64 {
        let text = std::fs::read_to_string(folder.join(format!("out.{iteration}"))).unwrap();
        let mut totals = text
            .lines()
            .filter_map(|line| line.strip_prefix("totals: "));
        totals.next().expect("callgrind sums up").parse().unwrap()
    };
    let theirs = [totals(1), totals(2)];
    std::fs::remove_dir_all(&folder).unwrap();
    let ours = measured().measurements[METRIC].samples.clone();
    eprintln!("known-turns: {ours:?} here, {theirs:?} in callgrind");
    assert_eq!(ours.len(), 2);
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert!(!differ(ours, theirs), "{ours} and {theirs}");
    }

    // Nobody counts without callgrind, and nobody poses as it.
    for runner in [&[][..], &["valgrind", "--tool=none", "--quiet"]] {
        let reply = program.ask(runner, Action::Measure(measure()));
        let Ok(Reply::Refused(refusal)) = reply else {
            panic!("{reply:?}");
        };
        assert!(refusal.message.contains("callgrind"), "{}", refusal.message);
    }
}

#[test]
fn two_percent_more_are_found_with_their_cause() {
    let perfkit = |arguments: &[&str]| -> Output {
        Place::known_mix()
            .command(&["run", "known-turns", "--quiet", "--format", "json"])
            .args(["--lens", "instructions"])
            .args(arguments)
            .env("PERFKIT_BASELINES", target().join("turns-baselines"))
            .output()
            .expect("the command was just built")
    };
    let saved = perfkit(&["--save-baseline", "plain"]);
    assert!(saved.status.success(), "{saved:?}");
    let again = perfkit(&["--baseline", "plain"]);
    assert!(again.status.success(), "{again:?}");

    let more = perfkit(&["--baseline", "plain", "--variant", "more"]);
    assert_eq!(more.status.code(), Some(3), "{more:?}");
    let report: Value = serde_json::from_slice(&more.stdout).unwrap();
    let finding = &report["comparison"]["findings"][0];
    assert_eq!(finding["rule"], "instructions-grew");
    let message = finding["message"].to_string();
    assert!(message.contains("grew +2.0 %"), "{message}");
    let cause = &finding["causes"][0];
    assert_eq!(cause["function"], "known_mix::turns::turn");
    let stack = cause["stack"].to_string();
    assert!(stack.contains("long at src/turns.rs"), "{stack}");
}
