//! Applies the reports of many agents.

use std::fmt::Write as _;

use enum_growth::{Metric, Table, apply_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(events);

const REPORTS: u64 = 200;
const EVENTS: u64 = 150;
const KEYS: u32 = 700;

struct Agents {
    reports: Vec<String>,
    expected: Table,
}

fn events(bench: &mut Bench) {
    bench
        .workload("enum-growth")
        .set_up(async |case: &Case| agents(case.seed()))
        .units(|_| Units::items(REPORTS * EVENTS))
        .iterate(async |agents| apply_all(&agents.reports).await)
        .check(|agents, table| {
            if *table == agents.expected {
                Ok(())
            } else {
                Err(format!("the table of {} metrics is wrong", table.len()))
            }
        });
}

/// Writes reports, and the table that has to come of them.
fn agents(seed: u64) -> Agents {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut expected = Table::new();
    let mut reports = Vec::new();
    for number in 0..REPORTS {
        let mut report = String::new();
        for event in 0..EVENTS {
            let key = next(u64::from(KEYS)) as u32;
            let at = 1_700_000_000 + number * EVENTS + event;
            let value = next(100_000);
            let metric: &mut Metric = expected.entry(key).or_default();
            metric.events += 1;
            metric.last = at;
            let kind = match key % 3 {
                0 => {
                    metric.sum += value;
                    "count"
                }
                1 => {
                    metric.level = value as i64;
                    "level"
                }
                _ => {
                    metric.sum += value;
                    metric.longest = metric.longest.max(value);
                    "span"
                }
            };
            writeln!(report, "{kind} {key} {at} {value}")
                .expect("a string takes all that is written");
        }
        reports.push(report);
    }
    Agents { reports, expected }
}
