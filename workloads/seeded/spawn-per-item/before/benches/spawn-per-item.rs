//! Takes in batches of sensor readings.

use bytes::Bytes;
use perfkit::{Bench, Case, Units};
use spawn_per_item::{Calibration, Summary, VALUES, batches, calibration, run};

perfkit::main!(readings);

const BATCHES: usize = 100;
const LINES: usize = 100;
/// What the values of these readings come to.
const SUM: i64 = -50_265_107;
const LARGEST: i64 = 1_095_482;

struct Input {
    batches: Vec<Vec<Bytes>>,
    calibration: Calibration,
}

fn readings(bench: &mut Bench) {
    bench
        .workload("spawn-per-item")
        .set_up(async |_: &Case| Input {
            batches: batches(BATCHES, LINES),
            calibration: calibration(),
        })
        .units(|_| Units::items((BATCHES * LINES) as u64))
        .iterate(async |input: &mut Input| run(&input.batches, &input.calibration).await)
        .check(|_, summaries| match summaries {
            Ok(summaries) => verify(summaries),
            Err(malformed) => Err(format!("{malformed:?}")),
        });
}

fn verify(summaries: &[Summary]) -> Result<(), String> {
    let count: u64 = summaries.iter().map(|summary| summary.count).sum();
    let sum: i64 = summaries.iter().map(|summary| summary.sum).sum();
    let largest = summaries.iter().map(|summary| summary.largest).max();
    let values = (BATCHES * LINES) as u64 * u64::from(VALUES);
    if (count, sum, largest) == (values, SUM, Some(LARGEST)) {
        Ok(())
    } else {
        Err(format!(
            "got {count} values, sum {sum}, largest {largest:?}"
        ))
    }
}
