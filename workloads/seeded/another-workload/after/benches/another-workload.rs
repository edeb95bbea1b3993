//! Indexes notes and searches them.

use another_workload::{Found, Index, index, search};
use perfkit::{Bench, Case, Units};

perfkit::main!(searches, another_workload);

const NOTES: usize = 4_500;
const WORDS: usize = 6_627;
const QUERIES: usize = 1_500;
const DIGEST: u64 = 0xac99_deac_f06f_b5a6;

fn searches(bench: &mut Bench) {
    bench
        .workload("another-workload-searches")
        .set_up(async |_: &Case| (index(&notes()).await, queries()))
        .units(|_| Units::items(QUERIES as u64))
        .iterate(async |(index, queries): &mut (Index, Vec<String>)| search(index, queries).await)
        .check(|_, found: &Found| {
            if found.queries == QUERIES as u64 && found.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {found:x?}"))
            }
        });
}

fn another_workload(bench: &mut Bench) {
    bench
        .workload("another-workload")
        .set_up(async |_: &Case| notes())
        .units(|_| Units::items(NOTES as u64))
        .iterate(async |notes: &mut Vec<String>| index(notes).await)
        .check(|_, index: &Index| {
            if index.notes() == NOTES as u32 && index.words() == WORDS {
                Ok(())
            } else {
                Err(format!("{} notes, {} words", index.notes(), index.words()))
            }
        });
}

fn notes() -> Vec<String> {
    let mut dice = Dice(79);
    let mut note = |number| {
        let [a, b, c, d] = [40, 300, 300, 2_000].map(|sides| dice.roll(sides));
        format!("Note {number} on topic{a}: word{b} and word{c}, see Page{d}; word{b} again!")
    };
    (0..NOTES).map(&mut note).collect()
}

fn queries() -> Vec<String> {
    let mut dice = Dice(83);
    let mut query = |_| {
        let [a, b, page] = [40, 300, 3_000].map(|sides| dice.roll(sides));
        match dice.roll(3) {
            0 => format!("topic{a} word{b}"),
            1 => format!("note on Topic{a} again"),
            _ => format!("page{page}"),
        }
    };
    (0..QUERIES).map(&mut query).collect()
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
