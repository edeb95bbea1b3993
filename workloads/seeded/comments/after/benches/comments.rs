//! Serves requests of a skewed sort from a small cache.

use comments::{Closed, Stats, serve};
use perfkit::{Bench, Case, Units};

perfkit::main!(comments);

const REQUESTS: usize = 16_000;
const PROFILES: u64 = 6_000;
const DIGEST: u64 = 0xd0b7_d1b9_00eb_6190;
const CAPACITY: usize = 2_500;

fn comments(bench: &mut Bench) {
    bench
        .workload("comments")
        .set_up(async |_: &Case| {
            let mut dice = Dice(11);
            let mut profile = || dice.roll(PROFILES).min(dice.roll(PROFILES)) as u32;
            (0..REQUESTS).map(|_| profile()).collect::<Vec<u32>>()
        })
        .units(|_| Units::items(REQUESTS as u64))
        .iterate(async |profiles: &mut Vec<u32>| serve(profiles, CAPACITY).await)
        .check(|_, stats: &Result<Stats, Closed>| match stats {
            Ok(stats) if stats.hits + stats.misses == REQUESTS as u64 && stats.digest == DIGEST => {
                Ok(())
            }
            other => Err(format!("unexpected: {other:x?}")),
        });
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}
