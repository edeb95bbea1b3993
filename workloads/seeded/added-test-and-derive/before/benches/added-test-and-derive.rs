//! Replicates changes of settings.

use added_test_and_derive::{Change, Corrupt, Settings, replicate};
use perfkit::{Bench, Case, Units};

perfkit::main!(added_test_and_derive);

const CHANGES: usize = 10_000;
const DIGEST: u64 = 0xba1a_0723_14f2_e7a7;

fn added_test_and_derive(bench: &mut Bench) {
    bench
        .workload("added-test-and-derive")
        .set_up(async |_: &Case| changes())
        .units(|_| Units::items(CHANGES as u64))
        .iterate(async |changes: &mut Vec<Change>| replicate(changes).await)
        .check(|_, settings: &Result<(Settings, Settings), Corrupt>| {
            let Ok((origin, replica)) = settings else {
                return Err("the log is corrupt".to_owned());
            };
            let (digest, count) = (origin.digest(), origin.count());
            if replica.digest() == digest && replica.version() == CHANGES as u64 && digest == DIGEST
            {
                Ok(())
            } else {
                Err(format!(
                    "{count} settings, {} in the replica, digest: {digest:x}",
                    replica.count()
                ))
            }
        });
}

fn changes() -> Vec<Change> {
    let mut dice = Dice(71);
    let mut change = |_| {
        let name = format!("service.{}.limit-{}", dice.roll(30), dice.roll(40));
        match dice.roll(5) {
            0 => Change::Remove { name },
            _ => Change::Set {
                name,
                value: format!(
                    "{} per minute, {} at once",
                    dice.roll(100_000),
                    dice.roll(64)
                ),
            },
        }
    };
    (0..CHANGES).map(&mut change).collect()
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
