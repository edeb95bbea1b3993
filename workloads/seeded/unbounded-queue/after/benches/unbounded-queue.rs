//! Backs a volume up.

use perfkit::{Bench, Case, Units};
use unbounded_queue::{Archive, BLOCK, back_up, volume};

perfkit::main!(backup);

const BLOCKS: usize = 160;
const EXPECTED: Archive = Archive {
    blocks: BLOCKS as u64,
    packed: 615_172,
    checksum: 4_086_026_963_151_130_614,
};

fn backup(bench: &mut Bench) {
    bench
        .workload("unbounded-queue")
        .set_up(async |_: &Case| volume(BLOCKS))
        .units(|_| Units::items(BLOCKS as u64).and_bytes((BLOCKS * BLOCK) as u64))
        .iterate(async |volume: &mut Vec<u8>| back_up(volume).await)
        .check(|_, archive| {
            if *archive == EXPECTED {
                Ok(())
            } else {
                Err(format!("expected {EXPECTED:?}, got {archive:?}"))
            }
        });
}
