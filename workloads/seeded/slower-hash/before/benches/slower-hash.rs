//! Accounts for captured packets.

use perfkit::{Bench, Case, Units};
use slower_hash::{Totals, capture, run};

perfkit::main!(accounting);

const BLOCKS: usize = 150;
const HEADERS: usize = 2_000;
const FLOWS: u64 = 3_000;
const EXPECTED: Totals = Totals {
    flows: FLOWS,
    packets: 299_368,
    bytes: 318_282_888,
    largest: 153_946,
    damaged: 632,
};

fn accounting(bench: &mut Bench) {
    bench
        .workload("slower-hash")
        .set_up(async |_: &Case| capture(BLOCKS, HEADERS, FLOWS))
        .units(|_| Units::items((BLOCKS * HEADERS) as u64))
        .iterate(async |blocks: &mut Vec<Vec<u8>>| run(blocks).await)
        .check(|_, totals| {
            if *totals == EXPECTED {
                Ok(())
            } else {
                Err(format!("expected {EXPECTED:?}, got {totals:?}"))
            }
        });
}
