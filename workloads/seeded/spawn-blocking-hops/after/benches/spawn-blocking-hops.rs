//! Receives and verifies frames.

use perfkit::{Bench, Case, Units};
use spawn_blocking_hops::{Received, capture, run};

perfkit::main!(receiving);

const FRAMES: u64 = 500;
const EXPECTED: Received = Received {
    good: FRAMES - FRAMES / 100,
    forged: FRAMES / 100,
    events: [
        122_948, 122_749, 121_945, 122_337, 123_518, 122_656, 122_910, 123_125,
    ],
};

fn receiving(bench: &mut Bench) {
    bench
        .workload("spawn-blocking-hops")
        .set_up(async |_: &Case| capture(FRAMES))
        .units(|_| Units::items(FRAMES))
        .iterate(async |capture: &mut Vec<u8>| run(capture).await)
        .check(|_, received| {
            if *received == EXPECTED {
                Ok(())
            } else {
                Err(format!("expected {EXPECTED:?}, got {received:?}"))
            }
        });
}
