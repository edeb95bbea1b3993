//! Sums up a log that comes in through a pipe.

use allocation_per_item::{Route, Summary, example, summarize};
use perfkit::{Bench, Case, Units};
use tokio::io::{AsyncWriteExt, BufReader};

perfkit::main!(logs);

const LINES: u64 = 30_000;
const PIPE: usize = 32 * 1024;

fn logs(bench: &mut Bench) {
    bench
        .workload("allocation-per-item")
        .set_up(async |_: &Case| example(LINES))
        .units(|log| Units::items(LINES).and_bytes(log.len() as u64))
        .iterate(async |log: &mut String| {
            let (mut writer, reader) = tokio::io::duplex(PIPE);
            let write = async move {
                writer
                    .write_all(log.as_bytes())
                    .await
                    .expect("the reader reads to the end");
            };
            tokio::join!(write, summarize(BufReader::new(reader))).1
        })
        .check(|_, summary| {
            let summary = summary.as_ref().map_err(ToString::to_string)?;
            let (expected, got) = ([LINES - 60, 317, 134_705_743, 39_999, 60], numbers(summary));
            if got == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {got:?}"))
            }
        });
}

/// Requests, failures, bytes, the longest time, and lines that are none.
fn numbers(summary: &Summary) -> [u64; 5] {
    let sum = |number: fn(&Route) -> u64| summary.routes.values().map(number).sum();
    [
        sum(|route| route.reads + route.writes),
        sum(|route| route.failures),
        sum(|route| route.bytes),
        summary.slowest.as_ref().map_or(0, |slowest| slowest.micros),
        summary.malformed,
    ]
}
