//! Schedules a day of jobs.

use formatting::{Outcome, run_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(formatting);

const JOBS: usize = 20_000;
const DIGEST: u64 = 0x191d_af62_0fac_0716;

fn formatting(bench: &mut Bench) {
    bench
        .workload("formatting")
        .set_up(async |_: &Case| specifications())
        .units(|_| Units::items(JOBS as u64))
        .iterate(async |specifications: &mut Vec<String>| run_all(specifications).await)
        .check(|_, outcome: &Outcome| {
            if outcome.run + outcome.refused == JOBS as u64 && outcome.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {outcome:x?}"))
            }
        });
}

fn specifications() -> Vec<String> {
    let mut dice = Dice(41);
    let mut specification = |now| {
        let (due, weight, topic) = (
            now as u64 + dice.roll(2_500),
            dice.roll(9),
            dice.roll(100_000),
        );
        match dice.roll(10) {
            0 => format!("sweep:{due}:{weight}:visits older than {topic}"),
            1 => format!("brew:{due}:{weight}:pot {topic}"),
            2 => format!("mail:soon:{weight}:{topic}"),
            3..6 => format!("report:{due}:{weight}:sales of region {topic}"),
            _ => format!("mail:{due}:{weight}:news about topic {topic}"),
        }
    };
    (0..JOBS).map(&mut specification).collect()
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
