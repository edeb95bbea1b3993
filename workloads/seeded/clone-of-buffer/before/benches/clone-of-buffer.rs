//! Relays frames between two tasks.

use clone_of_buffer::{Tally, relay};
use perfkit::{Bench, Case, Units};

perfkit::main!(frames);

const FRAMES: u64 = 400;

fn frames(bench: &mut Bench) {
    bench
        .workload("clone-of-buffer")
        .set_up(async |_: &Case| relay(FRAMES).await)
        .units(|_| Units::items(FRAMES))
        .iterate(async |_: &mut Tally| relay(FRAMES).await)
        .check(|expected, tally| {
            if tally == expected && tally.frames == FRAMES {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {tally:?}"))
            }
        });
}
