//! Lets a room of members talk.

use moved_module::{Message, Seen, chat};
use perfkit::{Bench, Case, Units};

perfkit::main!(moved_module);

const MEMBERS: usize = 24;
const MESSAGES: usize = 2_000;
const DIGEST: u64 = 0x4b0e_f993_2611_3cbf;

fn moved_module(bench: &mut Bench) {
    bench
        .workload("moved-module")
        .set_up(async |_: &Case| messages())
        .units(|_| Units::items((MEMBERS * MESSAGES) as u64))
        .iterate(async |messages: &mut Vec<Message>| chat(MEMBERS, messages).await)
        .check(|_, seen: &Vec<Seen>| {
            let lines: u64 = seen.iter().map(|seen| seen.lines).sum();
            let mentions: u64 = seen.iter().map(|seen| seen.mentions).sum();
            let digest = seen
                .iter()
                .fold(mentions, |all, seen| all.rotate_left(5) ^ seen.digest);
            if lines == ((MEMBERS - 1) * MESSAGES) as u64 && digest == DIGEST {
                Ok(())
            } else {
                Err(format!(
                    "{lines} lines, {mentions} mentions, digest: {digest:x}"
                ))
            }
        });
}

fn messages() -> Vec<Message> {
    let mut dice = Dice(23);
    let mut message = |_| {
        let (from, to, topic) = (
            dice.roll(MEMBERS as u64),
            dice.roll(MEMBERS as u64),
            dice.roll(10_000),
        );
        let text = match dice.roll(3) {
            0 => format!("@m{to} have you seen *ticket* {topic}? the old one said a<b && b>c"),
            1 => format!("release {topic} is out, thanks to @m{to} and @m{from}"),
            _ => format!("does *anybody* know why {topic} > {to}?"),
        };
        Message {
            from: from as usize,
            text,
        }
    };
    (0..MESSAGES).map(&mut message).collect()
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
