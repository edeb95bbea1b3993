//! Cold and warm time of resolving many addresses of one binary: `cargo bench -p perfkit-debuginfo [-- BINARY]`.
//!
//! Without a binary it reads itself. Addresses are spread over all functions, which is the worst case: real
//! samples meet few compilation units.
#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]

use std::path::PathBuf;
use std::time::Instant;

use object::{Object, ObjectSymbol, SymbolKind};
use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::part::{Module, RawStack};

/// Distinct addresses, about what three lenses of one workload see.
const ADDRESSES: usize = 3_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let binary = given.map_or_else(std::env::current_exe, |path| Ok(PathBuf::from(path)))?;
    let bytes = std::fs::read(&binary)?;
    let object = object::File::parse(&*bytes)?;
    let functions: Vec<u64> = object
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 8)
        .map(|symbol| symbol.address() + symbol.size() / 2)
        .collect();
    let step = (functions.len() / ADDRESSES).max(1);
    let addresses: Vec<u64> = functions
        .iter()
        .step_by(step)
        .copied()
        .take(ADDRESSES)
        .collect();
    let stacks: Vec<RawStack> = addresses
        .chunks(10)
        .map(|frames| RawStack {
            frames: frames.to_vec(),
            ..RawStack::default()
        })
        .collect();
    let modules = [Module {
        path: binary.display().to_string(),
        end: u64::MAX,
        ..Module::default()
    }];
    let resolve = |symboliser: &mut Symboliser| {
        symboliser.begin(&modules, &[]);
        stacks
            .iter()
            .map(|stack| symboliser.logical(stack).len())
            .sum::<usize>()
    };

    let workspace = WorkspaceCrates::default();
    let start = Instant::now();
    let mut cold = Symboliser::open(&binary, &workspace)?;
    let frames = resolve(&mut cold);
    println!(
        "{} ({} MB), {} addresses, {frames} frames",
        binary.display(),
        bytes.len() >> 20,
        addresses.len()
    );
    println!("cold {:>8.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let stored = serde_json::to_vec(&cold.export())?;
    let start = Instant::now();
    let mut warm = Symboliser::open(&binary, &workspace)?;
    warm.import(&serde_json::from_slice(&stored)?);
    resolve(&mut warm);
    println!(
        "warm {:>8.1} ms, cache {} kB of JSON",
        start.elapsed().as_secs_f64() * 1e3,
        stored.len() >> 10
    );
    Ok(())
}
