//! Submits letters, some of them badly.

use constant_renumbered::{Totals, submit};
use perfkit::{Bench, Case, Units};

perfkit::main!(constant_renumbered);

const LETTERS: usize = 6_000;
const EXPECTED: Totals = Totals {
    lines: 33_032,
    errors: 3_031,
    letters: 6_000,
    bytes: 392_755,
    logged: 594_704,
};

fn constant_renumbered(bench: &mut Bench) {
    bench
        .workload("constant-renumbered")
        .set_up(async |_: &Case| lines())
        .units(|_| Units::items(EXPECTED.lines))
        .iterate(async |lines: &mut Vec<String>| submit(lines).await)
        .check(|_, totals: &Totals| {
            if *totals == EXPECTED {
                Ok(())
            } else {
                Err(format!("unexpected: {totals:?}"))
            }
        });
}

fn lines() -> Vec<String> {
    let mut dice = Dice(67);
    let mut lines = vec!["hello".to_owned()];
    for letter in 0..LETTERS {
        let (from, to, topic) = (dice.roll(90_000), dice.roll(90_000), dice.roll(1_000));
        match dice.roll(6) {
            0 => lines.push(format!("to early-{to}@example.org")),
            1 => lines.push(format!("from nobody{from}")),
            2 => lines.push(format!("help about {topic}")),
            _ => {}
        }
        lines.push(format!("from member.{from}@lists.example.org"));
        lines.push(format!("to reader-{to}@mail.example.com"));
        lines.push("letter".to_owned());
        lines.push(format!("Letter {letter} is about topic {topic}."));
        lines.push(".".to_owned());
    }
    lines
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
