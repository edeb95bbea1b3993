//! What counting costs: `ddsplit` under the count pass, against the same binary with all hooks off.
//!
//! `cargo bench -p perfkit --bench overhead`. Processes of both passes take turns, and the median over the pairs
//! counts. Exits with 1 when the target is missed.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]

use std::process::ExitCode;

use perfkit_model::lens::Pass;
use perfkit_model::request::Measure;

use crate::place::Place;
use crate::program::{Program, request};

#[path = "../tests/measured/place.rs"]
mod place;
#[path = "../tests/measured/program.rs"]
mod program;

/// Most that counting may take, as a multiple of the time without.
const TARGET: f64 = 1.25;
/// Processes of each kind.
const PAIRS: usize = 11;
const ITERATIONS: u32 = 30;

fn main() -> ExitCode {
    let program = Place::repository().program("ddsplit");
    println!(
        "ddsplit, in memory: time per iteration under the count pass, against none ({})",
        program.executable().display()
    );
    let mut kept = true;
    for variant in ["story", "cured"] {
        // Time of a process is what its median iteration took; the first ones of either pass are slower.
        let mut ratios = [Vec::new(), Vec::new()];
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..PAIRS {
            let plain = ["time.cpu", "time.wall"].map(|id| id.to_owned());
            let counted = ["count.cpu", "count.wall"].map(|id| id.to_owned());
            let plain = iteration(&program, variant, Pass::Time, &plain);
            let counted = iteration(&program, variant, Pass::Count, &counted);
            for clock in 0..2 {
                ratios[clock].push(counted[clock] / plain[clock]);
            }
            times[0].push(plain[0]);
            times[1].push(counted[0]);
        }
        let [cpu, wall] = ratios.map(median);
        let [plain, counted] = times.map(median);
        let missed = cpu > TARGET;
        kept &= !missed;
        println!(
            "  {variant:<6} CPU {:.2} ms → {:.2} ms: {cpu:.3}x  wall {wall:.3}x  target {TARGET}x  {}",
            plain / 1e6,
            counted / 1e6,
            if missed { "MISSED" } else { "kept" }
        );
    }
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The median iteration of a process, in nanoseconds by each of these clocks.
fn iteration(program: &Program, variant: &str, pass: Pass, clocks: &[String; 2]) -> [f64; 2] {
    let part = program.measure(Measure {
        iterations: ITERATIONS,
        ..request("ddsplit", Some(variant), pass)
    });
    [0, 1].map(|clock| {
        let rows = part.iterations.iter();
        median(rows.map(|row| row[&clocks[clock]]).collect())
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
