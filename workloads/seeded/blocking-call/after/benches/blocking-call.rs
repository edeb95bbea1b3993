//! Surveys some sensors at the same time.

use blocking_call::{Survey, survey_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(sensors);

const SENSORS: u64 = 8;
const RANGES: u64 = 4;

fn sensors(bench: &mut Bench) {
    bench
        .workload("blocking-call")
        .set_up(async |_: &Case| ())
        .units(|()| Units::items(SENSORS * RANGES))
        .iterate(async |_: &mut ()| survey_all(SENSORS, RANGES).await)
        .check(|(), survey| {
            let expected = Survey {
                readings: SENSORS * RANGES,
                medians: 4_196_734,
                spread: 65_459,
            };
            if *survey == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {survey:?}"))
            }
        });
}
