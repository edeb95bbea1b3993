//! The history of a branch: added to whole or not at all, shown, and read as far as it can be.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use insta::assert_snapshot;
use perfkit_model::RUN_FORMAT;
use perfkit_model::environment::Environment;
use perfkit_model::lens::Pass;
use perfkit_model::metric::{Noise, metric};
use perfkit_model::run::{Case, CaseId, Measurement, Outcome, PassRecord, Run};
use rustix::process::Signal;

use crate::sandbox::{Sandbox, files};

/// A run as `run` stores it. That of one revision, with values of one case.
fn run(revision: usize, values: &[(&str, f64)]) -> Run {
    let measurement = |(id, value): &(&str, f64)| {
        let noise = metric(id).map_or(Noise::Noisy, |metric| metric.noise);
        let measurement = Measurement {
            value: *value,
            noise,
            samples: vec![*value; 3],
            not_judged: None,
        };
        ((*id).to_owned(), measurement)
    };
    Run {
        format: RUN_FORMAT,
        perfkit: "0.1.0".to_owned(),
        id: format!("20261101-0000{revision:02}"),
        started: format!("2026-11-{:02}T02:00:11Z", revision + 1),
        environment: Environment {
            rustc: "rustc 1.95.0".to_owned(),
            target: target(),
            processor: "AMD EPYC 7B13".to_owned(),
            revision: Some(name(revision)),
            ..Environment::default()
        },
        cases: vec![Case {
            id: CaseId {
                package: "service".to_owned(),
                target: "orders".to_owned(),
                workload: "orders".to_owned(),
                runtime: "current_thread".to_owned(),
                ..CaseId::default()
            },
            measurements: values.iter().map(measurement).collect(),
            ..Case::default()
        }],
        ..Run::default()
    }
}

/// Twelve digits, as git abbreviates.
fn name(revision: usize) -> String {
    format!("{revision:012x}")
}

/// The target of this machine, which is that of the command.
fn target() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output();
    let text = String::from_utf8(output.expect("rustc runs").stdout).expect("it is UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

/// Puts a run where `run` would have put it.
fn store(sandbox: &Sandbox, run: &Run) {
    let folder = sandbox.target().join("perfkit/runs").join(&run.id);
    fs::create_dir_all(&folder).expect("there is room for a folder");
    let mut stacks = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut stacks, b"[]").expect("memory takes every write");
    fs::write(
        folder.join("stacks.json.gz"),
        stacks.finish().expect("it is whole"),
    )
    .expect("it can be written");
    let text = serde_json::to_vec(run).expect("runs have a JSON form");
    fs::write(folder.join("run.json"), text).expect("it can be written");
}

/// A history in which allocations step at the fourth of eight entries, and then back.
fn with_history() -> Sandbox {
    let sandbox = Sandbox::service();
    for revision in 0..8 {
        let allocs = if (3..6).contains(&revision) {
            4_097.0
        } else {
            4_096.0
        };
        let time = 1e6 + 1e4 * (revision % 3) as f64;
        store(
            &sandbox,
            &run(
                revision,
                &[
                    ("heap.allocs", allocs),
                    ("heap.bytes", 65_536.0),
                    ("time.cpu", time),
                ],
            ),
        );
        sandbox.prepare(&["history", "add"]);
    }
    sandbox
}

/// The one history there is. A command that was killed may have left an unfinished file beside it.
fn file(sandbox: &Sandbox) -> PathBuf {
    let mut files = files(&sandbox.history());
    files.retain(|file| file.extension().is_some_and(|it| it == "jsonl"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn text(sandbox: &Sandbox) -> String {
    fs::read_to_string(file(sandbox)).expect("it was written")
}

#[test]
fn add_show_steps() {
    let sandbox = Sandbox::service();
    assert_snapshot!(
        "history_show_nothing",
        sandbox.perfkit(&["history", "show"]).text()
    );
    assert_snapshot!(
        "history_add_no_run",
        sandbox.perfkit(&["history", "add"]).text()
    );
    store(
        &sandbox,
        &run(0, &[("heap.allocs", 7.0), ("os.page-faults", 3.0)]),
    );
    assert_snapshot!("history_add", sandbox.perfkit(&["history", "add"]).text());
    assert_snapshot!(
        "history_line",
        text(&sandbox).replace(&target(), "[TRIPLE]")
    );
    assert_snapshot!(
        "history_no_steps",
        sandbox.perfkit(&["history", "steps"]).text()
    );
    let sandbox = with_history();
    for (what, arguments) in [
        ("show", &["history", "show"][..]),
        (
            "show_one",
            &["history", "show", "orders", "--metric", "heap.allocs"],
        ),
        (
            "json",
            &[
                "history",
                "show",
                "--metric",
                "heap.allocs",
                "--format",
                "json",
            ],
        ),
        ("steps", &["history", "steps"]),
        ("unknown_case", &["history", "show", "ordesr"]),
        (
            "unknown_metric",
            &["history", "steps", "--metric", "heap.alloc"],
        ),
        (
            "absent_metric",
            &["history", "steps", "--metric", "io.calls"],
        ),
    ] {
        assert_snapshot!(format!("history_{what}"), sandbox.perfkit(arguments).text());
    }
}

#[test]
fn a_revision_has_one_entry() {
    let sandbox = with_history();
    let before = text(&sandbox);
    store(&sandbox, &run(3, &[("heap.allocs", 5_000.0)]));
    let add = ["history", "add", "--run", "20261101-000003"];
    assert_snapshot!("history_add_twice", sandbox.perfkit(&add).text());
    assert_eq!(text(&sandbox), before);
    sandbox.prepare(&[&add[..], &["--replace"]].concat());
    let (before, after) = (before.lines(), text(&sandbox));
    let changed: Vec<usize> = before
        .zip(after.lines())
        .enumerate()
        .filter(|(_, (before, after))| before != after)
        .map(|(index, _)| index)
        .collect();
    assert_eq!((changed, after.lines().count()), (vec![3], 8));
}

#[test]
fn runs_that_are_no_entry() {
    let sandbox = Sandbox::service();
    let values = [("heap.allocs", 7.0)];
    let whole = run(0, &values);
    let dirty = Environment {
        revision: Some(format!("{} with changes", name(1))),
        ..whole.environment.clone()
    };
    let unknown = Environment {
        revision: None,
        ..whole.environment.clone()
    };
    for (what, run) in [
        (
            "partial",
            Run {
                partial: true,
                ..whole.clone()
            },
        ),
        (
            "dirty",
            Run {
                environment: dirty.clone(),
                ..whole.clone()
            },
        ),
        (
            "no_revision",
            Run {
                environment: unknown,
                ..whole.clone()
            },
        ),
        (
            "nothing",
            Run {
                quick: true,
                ..run(0, &[("time.cpu", 1e6)])
            },
        ),
    ] {
        store(&sandbox, &run);
        assert_snapshot!(
            format!("history_add_{what}"),
            sandbox.perfkit(&["history", "add"]).text()
        );
        assert_eq!(files(&sandbox.history()), Vec::<PathBuf>::new(), "{what}");
    }
    store(
        &sandbox,
        &Run {
            environment: dirty,
            ..whole.clone()
        },
    );
    sandbox.prepare(&["history", "add", "--allow-dirty"]);
    let mut failed = run(2, &values);
    failed.cases[0].passes = vec![PassRecord {
        pass: Pass::Time,
        seconds: 1.0,
        iterations: 0,
        outcome: Outcome::Failed {
            message: "it crashed".to_owned(),
            hint: None,
            stderr: String::new(),
        },
        notes: Vec::new(),
    }];
    store(&sandbox, &failed);
    assert_snapshot!(
        "history_add_failed",
        sandbox.perfkit(&["history", "add"]).text()
    );
}

#[test]
fn lines_that_cannot_be_read() {
    let sandbox = with_history();
    let path = file(&sandbox);
    let whole = text(&sandbox);
    let line = whole.lines().next().expect("it has lines");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bad: BTreeMap<&str, String> = BTreeMap::from([
        ("torn", line[..line.len() / 2].to_owned()),
        ("foreign", "{\"name\": \"something else\"}".to_owned()),
        ("newer", line.replacen("\"format\":1", "\"format\":99", 1)),
        ("twice", line.to_owned()),
        (
            "elsewhere",
            line.replace(&target(), "wasm32\\u001b[31m\u{202e}"),
        ),
        ("infinite", line.replace("4096.0", "1e999")),
        ("conflict", "<<<<<<< HEAD".to_owned()),
        ("deep", deep),
        ("empty", " \r".to_owned()),
    ]);
    for (what, bad) in &bad {
        fs::write(&path, format!("{whole}{bad}\n")).expect("it can be written");
        let outcome = sandbox.perfkit(&["history", "steps"]);
        assert_eq!(
            outcome.stdout.lines().count(),
            7,
            "{what}: the others are there"
        );
        assert_snapshot!(
            format!("history_line_{what}"),
            outcome.redacted(&outcome.stderr)
        );
    }
    // All of them, the last one without an end, and no UTF-8; what was there stays there.
    let all: Vec<&str> = bad.values().map(String::as_str).collect();
    let mut bytes = format!("{}\n{whole}", all.join("\n")).into_bytes();
    bytes.extend(b"\xff\xfe half a line");
    fs::write(&path, &bytes).expect("it can be written");
    store(&sandbox, &run(20, &[("heap.allocs", 4_096.0)]));
    assert_snapshot!(
        "history_add_beside_damage",
        sandbox.perfkit(&["history", "add"]).text()
    );
    let after = fs::read(&path).expect("it is there");
    assert!(after.starts_with(&bytes));
    assert!(after[bytes.len()..].starts_with(b"\n{\"format\""));
    fs::write(&path, [0; 4096]).expect("it can be written");
    assert_snapshot!(
        "history_of_nothing_readable",
        sandbox.perfkit(&["history", "show"]).text()
    );
}

#[test]
fn a_report_shows_the_trend() {
    let sandbox = with_history();
    let trend = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("trend"));
        lines.map(str::to_owned).collect()
    };
    let report = sandbox.perfkit(&["report", "--format", "terminal"]);
    assert_snapshot!("history_in_the_report", report.text());
    let page = sandbox.perfkit(&["report", "--format", "html"]).stdout;
    assert_eq!(page.matches("<polyline").count(), 3);
    assert_eq!(page.matches("class=\"up\"").count(), 1);
    fs::write(file(&sandbox), "no entry\n").expect("it can be written");
    let report = sandbox.perfkit(&["report", "--format", "terminal"]);
    assert_eq!((report.code, trend(&report.stdout)), (Some(0), Vec::new()));
    assert_snapshot!(
        "history_in_the_report_unreadable",
        report.redacted(&report.stderr)
    );
}

#[test]
fn an_add_that_fails_half_way() {
    let sandbox = with_history();
    let before = text(&sandbox);
    store(&sandbox, &run(20, &[("heap.allocs", 4_096.0)]));
    // The largest file a process may write, as on a full disk. The signal that comes with it is ignored.
    let mut command = sandbox.program("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_cargo-perfkit"))
        .args(["history", "add"]);
    assert_snapshot!("history_add_on_a_full_disk", sandbox.run(command).text());
    assert_eq!(text(&sandbox), before);
}

#[test]
fn a_kill_leaves_the_old_lines_or_a_whole_new_one() {
    let sandbox = with_history();
    for step in 0..12 {
        let before = text(&sandbox);
        store(&sandbox, &run(20 + step, &[("heap.allocs", 4_096.0)]));
        let mut running = sandbox.start(&["history", "add"]);
        running.go_on_for(Duration::from_millis(20 * step as u64));
        running.signal(Signal::KILL);
        running.end();
        let after = text(&sandbox);
        let added = after.strip_prefix(&before).expect("nothing was lost");
        assert!(
            added.is_empty() || added.ends_with("}\n"),
            "step {step}: {added}"
        );
        assert_eq!(
            sandbox.perfkit(&["history", "show"]).stderr,
            "",
            "step {step}"
        );
    }
    fs::write(sandbox.history().join(".partial-dead"), "half").expect("it can be written");
    store(&sandbox, &run(40, &[("heap.allocs", 4_096.0)]));
    sandbox.prepare(&["history", "add"]);
    assert_eq!(files(&sandbox.history()), [file(&sandbox)]);
}

/// From a commit to an entry, with nothing made up.
#[test]
fn the_newest_run_of_a_checkout() {
    let sandbox = Sandbox::copy_of("service", "checkout")
        .built()
        .without("GIT_DIR");
    let manifest = sandbox.read("Cargo.toml");
    let failures = "[[bench]]\nname = \"failures\"\nharness = false\n";
    sandbox.write("Cargo.toml", &manifest.replace(failures, ""));
    fs::remove_file(sandbox.root.join("benches/failures.rs")).expect("it was copied");
    let git = |arguments: &[&str]| {
        let mut command = sandbox.program("git");
        command
            .args(["-c", "user.name=a", "-c", "user.email=a@b.c"])
            .args(arguments);
        assert_eq!(sandbox.run(command).code, Some(0), "{arguments:?}");
    };
    // Cargo takes out of the lock file what this workspace does not need.
    sandbox.prepare(&["list"]);
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    sandbox.prepare(&["run", "--lens", "heap"]);
    let added = sandbox.perfkit(&["history", "add"]);
    assert_eq!(added.code, Some(0), "{}", added.text());
    let entry: serde_json::Value = serde_json::from_str(&text(&sandbox)).expect("one line");
    let head = sandbox.run({
        let mut command = sandbox.program("git");
        command.args(["rev-parse", "--short=12", "HEAD"]);
        command
    });
    assert_eq!(entry["revision"], head.stdout.trim());
    assert!(entry["cases"][0]["exact"]["heap.allocs"].is_number());
}
