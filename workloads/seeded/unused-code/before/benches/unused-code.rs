//! Aggregates the samples of a few services.

use perfkit::{Bench, Case, Units};
use unused_code::{Sample, Value, aggregate};

perfkit::main!(unused_code);

const SAMPLES: usize = 32_000;
const DIGEST: u64 = 0x5b48_b69f_2cee_b768;

fn unused_code(bench: &mut Bench) {
    bench
        .workload("unused-code")
        .set_up(async |_: &Case| samples())
        .units(|_| Units::items(SAMPLES as u64))
        .iterate(async |samples: &mut Vec<Sample>| aggregate(samples).await)
        .check(|_, text: &String| {
            let digest = text.bytes().fold(0, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            if text.starts_with("latency_bucket{of=\"/item/0\",le=\"1\"} ") && digest == DIGEST {
                Ok(())
            } else {
                Err(format!("{} bytes, digest: {digest:x}", text.len()))
            }
        });
}

fn samples() -> Vec<Sample> {
    let mut dice = Dice(29);
    let mut sample = |_| {
        let (label, value) = (dice.roll(60), dice.roll(900_000));
        let (series, value) = match dice.roll(4) {
            0 => ("queue_length", Value::Gauge(value as i64 % 512 - 100)),
            1 => ("requests", Value::Count(1 + value % 3)),
            _ => ("latency", Value::Duration(value)),
        };
        Sample {
            series,
            label: format!("/item/{label}"),
            value,
        }
    };
    (0..SAMPLES).map(&mut sample).collect()
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
