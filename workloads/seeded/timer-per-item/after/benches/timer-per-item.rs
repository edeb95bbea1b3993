//! Summarises the readings of a gateway.

use std::fmt::Write as _;

use perfkit::{Bench, Case, Units};
use timer_per_item::{BATCH, Summary, summarise};

perfkit::main!(readings);

const READINGS: u64 = 20_000;

struct Gateway {
    lines: String,
    total: i64,
}

fn readings(bench: &mut Bench) {
    bench
        .workload("timer-per-item")
        .set_up(async |case: &Case| gateway(case.seed()))
        .units(|gateway| Units::items(READINGS).and_bytes(gateway.lines.len() as u64))
        .iterate(async |gateway| summarise(&gateway.lines).await)
        .check(|gateway, summary| {
            let is_right = summary.readings == READINGS
                && summary.batches == READINGS / BATCH as u64 + 1
                && summary.total == gateway.total
                && summary.spread > 0;
            is_right
                .then_some(())
                .ok_or_else(|| wrong(gateway, summary))
        });
}

fn wrong(gateway: &Gateway, summary: &Summary) -> String {
    format!(
        "{READINGS} readings add up to {}, got {summary:?}",
        gateway.total
    )
}

fn gateway(seed: u64) -> Gateway {
    let mut lines = String::new();
    let mut total = 0;
    let mut random = seed;
    for number in 0..READINGS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = (random >> 40) as i64 % 90_000;
        let sign = if random >> 63 == 1 { "-" } else { "" };
        total += if sign.is_empty() { value } else { -value };
        writeln!(
            lines,
            "{};{};{sign}{}.{:03}",
            number % 400,
            1_000 + number / 8,
            value / 1_000,
            value % 1_000
        )
        .expect("a string takes all that is written");
    }
    Gateway { lines, total }
}
