//! Our copies against those of `valgrind --tool=dhat --mode=copy`, in one and the same process.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds the example with frame pointers, which valgrind does not need but a recording would have.
fn example() -> PathBuf {
    let mut target = std::env::current_exe().expect("a test binary has a path");
    assert!(target.pop() && target.pop() && target.pop());
    let target = target.join("frame-pointers");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            env!("CARGO_PKG_NAME"),
            "--example",
            "copy_oracle",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-Cforce-frame-pointers=yes")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("the cargo that runs this test exists");
    assert!(status.success(), "{status}");
    target.join("release/examples/copy_oracle")
}

/// Calls and bytes of the program points below `measured_copies`.
fn valgrind_totals(profile: &serde_json::Value) -> (u64, u64) {
    let frames = profile["ftbl"].as_array().expect("a frame table");
    let measured = |point: &serde_json::Value| {
        let stack = point["fs"].as_array().expect("a stack").iter();
        stack
            .flat_map(|frame| frames[frame.as_u64().expect("an index") as usize].as_str())
            .any(|frame| frame.contains("measured_copies"))
    };
    let points = profile["pps"]
        .as_array()
        .expect("program points")
        .iter()
        .filter(|point| measured(point));
    let number = |value: &serde_json::Value| value.as_u64().expect("a count");
    points.fold((0, 0), |(calls, bytes), point| {
        (calls + number(&point["tbk"]), bytes + number(&point["tb"]))
    })
}

#[test]
fn copies_equal_those_of_valgrind() {
    let found = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        // The README promises that the toolchain is enough to run the tests; CI has the oracle and insists on it.
        assert!(
            std::env::var_os("CI").is_none(),
            "valgrind was not found: `apt-get install valgrind`"
        );
        eprintln!("not tested: valgrind was not found; `apt-get install valgrind` brings it");
        return;
    }
    let program = example();
    let directory =
        std::env::temp_dir().join(format!("perfkit-hooks-valgrind-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (profile, totals) = (directory.join("dhat.json"), directory.join("totals"));
    let status = Command::new("valgrind")
        .args(["--tool=dhat", "--mode=copy", "--num-callers=500", "--quiet"])
        .arg(format!("--dhat-out-file={}", profile.display()))
        .arg(&program)
        .arg(&totals)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let profile: serde_json::Value =
        serde_json::from_slice(&std::fs::read(profile).unwrap()).unwrap();
    let ours: Vec<u64> = std::fs::read_to_string(totals)
        .unwrap()
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    std::fs::remove_dir_all(directory).unwrap();
    assert!(ours[0] > 1000 && ours[2] > 50, "{ours:?}");
    assert_eq!(
        (ours[0] + ours[2], ours[1] + ours[3]),
        valgrind_totals(&profile),
        "{ours:?}"
    );
}
