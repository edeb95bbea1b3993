//! The profiler's signal in the middle of panics and backtraces.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use perfkit_model::lens::Pass;
use perfkit_model::part::Reply;
use perfkit_model::request::{Action, Measure};

use crate::place::Place;
use crate::program::request;

const RUNS: usize = 50;
/// A panic that is unwound holds locks of the unwinder: the moment when a sampler must not wait for one.
const SAMPLES: u32 = 60;

#[test]
fn panics_and_backtraces_survive_sampling() {
    let program = Place::known_mix().program("known_mix");
    let measure = Measure {
        samples: SAMPLES,
        budget_milliseconds: 5_000,
        ..request("panics", None, Pass::Cpu)
    };
    let (next, samples) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ask = || {
        while next.fetch_add(1, Relaxed) < RUNS {
            match program.ask(&[], Action::Measure(measure.clone())) {
                Ok(Reply::Part(part)) => {
                    samples.fetch_add(part.totals["cpu.samples"] as usize, Relaxed);
                }
                other => panic!("no measurement: {other:?}"),
            }
        }
    };
    // Two at a time: a machine with one processor to spare is where signals come at the worst moment.
    std::thread::scope(|scope| {
        scope.spawn(ask);
        scope.spawn(ask);
    });
    let samples = samples.into_inner();
    eprintln!("{RUNS} processes with panics answered, {samples} samples");
    assert!(
        samples > RUNS * SAMPLES as usize / 4,
        "{samples} samples say little"
    );
}
