//! Copies, against `valgrind --tool=dhat --mode=copy` in the same process.

use std::process::{Command, Stdio};

use perfkit_model::lens::Pass;
use perfkit_model::part::Part;
use perfkit_model::request::Measure;
use serde_json::Value;

use crate::place::Place;
use crate::program::{Program, request};

/// Calls and bytes.
type Copies = (u64, u64);

/// What the hooks counted in all measured iterations, and what valgrind saw in the same process.
fn both(program: &Program, variant: &str, iterations: u32) -> (Copies, Copies) {
    let name = format!(
        "perfkit-copies-{}-{variant}-{iterations}",
        std::process::id()
    );
    let profile = std::env::temp_dir().join(name);
    let out = format!("--dhat-out-file={}", profile.display());
    let measure = Measure {
        iterations,
        ..request("ddsplit", Some(variant), Pass::Count)
    };
    let valgrind = [
        "valgrind",
        "--tool=dhat",
        "--mode=copy",
        "--num-callers=500",
        "--quiet",
        &out,
    ];
    let part = program.measure_under(&valgrind, measure);
    let theirs = serde_json::from_slice(&std::fs::read(&profile).unwrap()).unwrap();
    std::fs::remove_file(profile).unwrap();
    assert_eq!(part.dropped, 0);
    (ours(&part), in_bodies(&theirs))
}

fn ours(part: &Part) -> Copies {
    let rows = part.iterations.iter();
    rows.fold((0, 0), |(calls, bytes), row| {
        (
            calls + row["memcpy.calls"] as u64,
            bytes + row["memcpy.bytes"] as u64,
        )
    })
}

/// Copies below the runtime's `block_on`, which polls the body and the tasks it wakes. The harness arms the hooks
/// inside of that, so that its own copies are there too.
fn in_bodies(profile: &Value) -> Copies {
    let frames = profile["ftbl"].as_array().expect("a frame table");
    let names = |point: &Value| -> Vec<String> {
        let stack = point["fs"].as_array().expect("a stack").iter();
        let names = stack.map(|frame| &frames[frame.as_u64().expect("an index") as usize]);
        names
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    let of_a_body = |point: &&Value| {
        let names = names(point);
        let has = |part: &str| names.iter().any(|name| name.contains(part));
        has("block_on") && !has("perfkit_hooks") && !has("perfkit::passes::Meter>::")
    };
    let points = profile["pps"].as_array().expect("program points").iter();
    points
        .filter(of_a_body)
        .fold((0, 0), |(calls, bytes), point| {
            let number = |key: &str| point[key].as_u64().expect("a count");
            (calls + number("tbk"), bytes + number("tb"))
        })
}

/// What two more iterations add. Set-up and warm-up pass through the runtime as well, and cancel out.
fn added(more: Copies, fewer: Copies) -> Copies {
    (more.0 - fewer.0, more.1 - fewer.1)
}

#[test]
fn copies_equal_those_of_valgrind() {
    let found = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "valgrind was not found: install it (apt-get install valgrind)"
    );
    let program = Place::repository().program("ddsplit");
    for variant in ["story", "cured"] {
        let (our_one, their_one) = both(&program, variant, 1);
        let (our_three, their_three) = both(&program, variant, 3);
        let (ours, theirs) = (added(our_three, our_one), added(their_three, their_one));
        eprintln!("ddsplit [{variant}], two iterations: {ours:?} here, {theirs:?} in valgrind");
        assert!(
            ours.0 > 1_000,
            "{variant} copies less than it used to: {ours:?}"
        );
        assert_eq!(ours, theirs, "{variant}");
    }
}
