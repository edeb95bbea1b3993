//! Locates the addresses of a busy hour.

use faster_lookup::{Answers, Range, Table, locate_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(faster_lookup);

const REQUESTS: usize = 14_000;
const RANGES: u32 = 2_000;
const DIGEST: u64 = 0x0d15_ea72_4267_eb7c;

fn faster_lookup(bench: &mut Bench) {
    bench
        .workload("faster-lookup")
        .set_up(async |_: &Case| (table(), requests()))
        .units(|_| Units::items(REQUESTS as u64))
        .iterate(async |(table, requests): &mut (Table, Vec<String>)| {
            locate_all(table, requests).await
        })
        .check(|_, answers: &Answers| {
            let answered = answers.located + answers.unknown + answers.malformed;
            if answered == REQUESTS as u64 && answers.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {answers:x?}"))
            }
        });
}

fn table() -> Table {
    let mut dice = Dice(47);
    let width = u32::MAX / RANGES;
    let mut range = |number| {
        let first = number * width;
        let last = first + width / 2 + dice.roll(u64::from(width / 2)) as u32;
        let region = [b'A' + dice.roll(26) as u8, b'A' + dice.roll(26) as u8];
        Range {
            first,
            last,
            region,
        }
    };
    Table::new((0..RANGES).map(&mut range).collect())
}

fn requests() -> Vec<String> {
    let mut dice = Dice(53);
    let mut request = |_| {
        let [a, b, c, d] = [256, 256, 256, 258].map(|sides| dice.roll(sides));
        format!("where is {a}.{b}.{c}.{d}")
    };
    (0..REQUESTS).map(&mut request).collect()
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
