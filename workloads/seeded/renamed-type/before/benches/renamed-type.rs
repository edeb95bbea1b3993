//! Sends the requests of many clients past the limiter.

use perfkit::{Bench, Case, Units};
use renamed_type::{Request, Totals, gateway, plans};

perfkit::main!(renamed_type);

const REQUESTS: usize = 12_000;
const PLANS: &str = "10/4,40/25,8/100";
const DIGEST: u64 = 0x093b_699f_ed5e_7072;

fn renamed_type(bench: &mut Bench) {
    bench
        .workload("renamed-type")
        .set_up(async |_: &Case| requests())
        .units(|_| Units::items(REQUESTS as u64))
        .iterate(async |requests: &mut Vec<Request>| gateway(requests, &plans(PLANS)).await)
        .check(|_, totals: &Totals| {
            if totals.passed + totals.held == REQUESTS as u64 && totals.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {totals:x?}"))
            }
        });
}

fn requests() -> Vec<Request> {
    let mut dice = Dice(19);
    let mut at = 0;
    let mut request = |_| {
        at += dice.roll(3);
        Request {
            client: dice.roll(900) as u32,
            at,
            cost: 1 + dice.roll(12) as u32,
        }
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
