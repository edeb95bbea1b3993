//! Runs a session of commands.

use extracted_function::{Broken, Session, session};
use perfkit::{Bench, Case, Units};

perfkit::main!(extracted_function);

const COMMANDS: usize = 9_000;
const DIGEST: u64 = 0x3b83_baaa_6bc3_138c;

fn extracted_function(bench: &mut Bench) {
    bench
        .workload("extracted-function")
        .set_up(async |_: &Case| commands())
        .units(|_| Units::items(COMMANDS as u64))
        .iterate(async |commands: &mut Vec<String>| session(commands).await)
        .check(|_, session: &Result<Session, Broken>| match session {
            Ok(session) if session.commands == COMMANDS as u64 && session.digest == DIGEST => {
                Ok(())
            }
            other => Err(format!("unexpected: {other:x?}")),
        });
}

fn commands() -> Vec<String> {
    let mut dice = Dice(59);
    let mut command = |_| {
        let (key, value) = (dice.roll(1_500), dice.roll(1_000_000));
        match dice.roll(8) {
            0 => format!("count user:{}", key % 150),
            1..4 => format!("set user:{key} name-{value};since-{}", value % 30),
            4 => format!("forget user:{key}"),
            _ => format!("get user:{key}"),
        }
    };
    (0..COMMANDS).map(&mut command).collect()
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
