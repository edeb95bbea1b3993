//! Collects the forms of a survey.

use dependency_patch::{Survey, collect};
use perfkit::{Bench, Case, Units};

perfkit::main!(dependency_patch);

const FORMS: usize = 18_000;
const DIGEST: u64 = 0x883e_530d_2aa7_3b48;

fn dependency_patch(bench: &mut Bench) {
    bench
        .workload("dependency-patch")
        .set_up(async |_: &Case| bodies())
        .units(|_| Units::items(FORMS as u64))
        .iterate(async |bodies: &mut Vec<String>| collect(bodies).await)
        .check(|_, survey: &Survey| {
            let counted: u64 = survey.answers.values().map(|tally| tally.count).sum();
            if counted + survey.rejected == FORMS as u64 && survey.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("{counted} counted, digest: {:x}", survey.digest))
            }
        });
}

fn bodies() -> Vec<String> {
    let mut dice = Dice(37);
    let mut body = |_| {
        let (answer, number, page) = (dice.roll(30), dice.roll(10_000), dice.roll(50));
        match dice.roll(6) {
            0 => format!("page={page}&comment=%22{number}%22"),
            1 => format!("answer=maybe%20{answer}&comment=caf%E9%20{number}&page={page}"),
            2 => format!(
                "page={page}&answer=no-{answer}&comment=it%20is%20%3C%20{number}%25%20of%20what%20caf%C3%A9s%20ask"
            ),
            _ => format!(
                "answer=yes%20{answer}&comment=I%20have%20{number}%20reasons%2C%20and%20more%21&page={page}"
            ),
        }
    };
    (0..FORMS).map(&mut body).collect()
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
