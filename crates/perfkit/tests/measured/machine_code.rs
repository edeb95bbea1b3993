//! The code that is timed is the code of an ordinary `cargo bench`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSymbol as _, SymbolKind};

use crate::place::{Place, newest_bench, ordinary, run, target};

/// Least percentage of functions that have the same size, of the workload's own and of all but perfkit's.
const SAME: f64 = 99.0;

/// Both sides are one codegen unit per crate: how rustc cuts a crate into several hangs on a hash of the crate's name,
/// version and flags, and what it inlines hangs on the cut, so that two ordinary builds differ in up to 3 % of functions.
const ONE_UNIT: (&str, &str) = ("CARGO_PROFILE_BENCH_CODEGEN_UNITS", "1");

/// The bench target as the command builds it.
fn our_build() -> PathBuf {
    let target = target().join("one-unit");
    let list = ["list", "--package", "ddsplit"];
    let mut command = Place::repository().command(&list);
    run(command
        .env("CARGO_TARGET_DIR", &target)
        .env(ONE_UNIT.0, ONE_UNIT.1));
    newest_bench(&target, "ddsplit")
}

/// An ordinary build of the same package, with debug info, frame pointers and names as the command wants them, and with
/// the features that the disarmed hooks have: those are inlined wherever something is freed.
fn ordinary_build() -> PathBuf {
    let output = ordinary(env!("CARGO"))
        .args([
            "bench",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--package", "ddsplit", "--bench", "ddsplit"])
        .args(["--features", "perfkit/cpu", "--features", "perfkit/dhat"])
        .args(["--features", "perfkit/stages"])
        .args(["--config", "profile.bench.package.ddsplit.debug=2"])
        .arg("--target-dir")
        .arg(target().join("plain"))
        .env(
            "RUSTFLAGS",
            "-Cforce-frame-pointers=yes -Csymbol-mangling-version=v0",
        )
        .env(ONE_UNIT.0, ONE_UNIT.1)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the cargo that runs this test exists");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let executable = messages
        .filter(|message| message["target"]["name"] == "ddsplit")
        .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
        .next_back();
    executable.expect("cargo names what it built")
}

/// Sizes of all functions but perfkit's, by name and in order; the same name may be there twice.
fn functions(binary: &Path) -> BTreeMap<String, Vec<u64>> {
    let bytes = std::fs::read(binary).unwrap();
    let object = object::File::parse(&*bytes).expect("cargo built a program");
    let mut sizes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let symbols = object.symbols();
    for symbol in symbols.filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0) {
        let name = symbol
            .name()
            .ok()
            .and_then(|name| rustc_demangle::try_demangle(name).ok());
        let Some(name) = name.map(|name| format!("{name:#}")) else {
            continue;
        };
        if !name.contains("perfkit") {
            sizes.entry(name).or_default().push(symbol.size());
        }
    }
    sizes.values_mut().for_each(|sizes| sizes.sort_unstable());
    sizes
}

/// Percentage of the first one's functions that are in the other with the same size. `part` is in all their names.
fn same(left: &BTreeMap<String, Vec<u64>>, right: &BTreeMap<String, Vec<u64>>, part: &str) -> f64 {
    let (mut same, mut all) = (0, 0);
    for (name, sizes) in left.iter().filter(|(name, _)| name.contains(part)) {
        let found = right.get(name).map_or(&[][..], Vec::as_slice);
        let pairs = sizes.iter().zip(found);
        same += pairs.filter(|(left, right)| left == right).count();
        all += sizes.len();
    }
    // The workload alone has hundreds.
    assert!(all > 200, "only {all} functions");
    let share = 100.0 * same as f64 / all as f64;
    eprintln!("    {same} of {all} functions with `{part}` in their name ({share:.2} %)");
    share
}

#[test]
fn functions_are_as_long_as_in_an_ordinary_build() {
    let (ours, ordinary) = (functions(&our_build()), functions(&ordinary_build()));
    eprintln!("as long as in an ordinary build:");
    let shares = ["ddsplit::", ""].map(|part| same(&ordinary, &ours, part));
    assert!(shares.iter().all(|share| *share >= SAME), "{shares:?}");
}
