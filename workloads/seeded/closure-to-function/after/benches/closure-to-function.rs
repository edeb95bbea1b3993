//! Runs the events of some shops through the pipeline.

use closure_to_function::{Output, pipeline};
use perfkit::{Bench, Case, Units};

perfkit::main!(closure_to_function);

const EVENTS: usize = 7_000;
const DIGEST: u64 = 0x713d_2120_9a8a_6352;

fn closure_to_function(bench: &mut Bench) {
    bench
        .workload("closure-to-function")
        .set_up(async |_: &Case| texts())
        .units(|_| Units::items(EVENTS as u64))
        .iterate(async |texts: &mut Vec<String>| pipeline(texts).await)
        .check(|_, output: &Output| {
            if output.malformed > 0 && output.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {output:x?}"))
            }
        });
}

fn texts() -> Vec<String> {
    let mut dice = Dice(73);
    let mut text = |_| {
        let shop = dice.roll(40);
        let kind = ["sale", "sale", "sale", "return", "visit"][dice.roll(5) as usize];
        let mut item = |_| {
            let (article, pieces, cents) = (dice.roll(9_000), dice.roll(14), dice.roll(20_000));
            format!(r#"{{"article":{article},"pieces":{pieces},"cents":{cents}}}"#)
        };
        let items: Vec<String> = (0..1 + shop % 6).map(&mut item).collect();
        let end = if dice.roll(50) == 0 { "" } else { "}" };
        format!(
            r#"{{"shop":{shop},"kind":"{kind}","items":[{}]{end}"#,
            items.join(",")
        )
    };
    (0..EVENTS).map(&mut text).collect()
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
