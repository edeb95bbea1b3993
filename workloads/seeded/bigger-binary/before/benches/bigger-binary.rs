//! Sums up a log of a small site.

use bigger_binary::{Summary, summarize};
use perfkit::{Bench, Case, Units};

perfkit::main!(bigger_binary);

const LINES: u64 = 22_000;
const BLOCK: usize = 16 * 1024;
const DIGEST: u64 = 0x729f_a134_7200_42f6;

fn bigger_binary(bench: &mut Bench) {
    bench
        .workload("bigger-binary")
        .set_up(async |_: &Case| log())
        .units(|log| Units::items(LINES).and_bytes(log.len() as u64))
        .iterate(async |log: &mut Vec<u8>| summarize(log, BLOCK).await)
        .check(|_, summary: &Summary| {
            let pages = summary.pages.values();
            let lines: u64 = pages.clone().map(|page| page.visits + page.failures).sum();
            let digest = pages.fold(summary.skipped, |all, page| {
                all.rotate_left(7) ^ page.visitors ^ page.bytes
            });
            if lines + summary.skipped == LINES && digest == DIGEST {
                Ok(())
            } else {
                Err(format!(
                    "{lines} lines of {} pages, digest: {digest:x}",
                    summary.pages.len()
                ))
            }
        });
}

fn log() -> Vec<u8> {
    let mut dice = Dice(31);
    let mut log = String::new();
    for line in 0..LINES {
        let (net, host, page) = (dice.roll(256), dice.roll(256), dice.roll(400));
        let (status, bytes) = (
            if dice.roll(9) == 0 { 404 } else { 200 },
            dice.roll(100_000),
        );
        let method = if dice.roll(30) == 0 { "PUT" } else { "GET" };
        let (minute, second) = (line / 60 % 60, line % 60);
        log += &format!(
            "10.{net}.4.{host} - [17:{minute:02}:{second:02}] \"{method} /p/{page}.html\" {status} {bytes}\n"
        );
    }
    log.into_bytes()
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
