//! Does the jobs of some feeds.

use perfkit::{Bench, Case, Units};
use select_in_loop::{Tally, serve};

perfkit::main!(jobs);

const FEEDS: u64 = 16;
const JOBS_EACH: u64 = 200;

fn jobs(bench: &mut Bench) {
    bench
        .workload("select-in-loop")
        .set_up(async |_: &Case| ())
        .units(|()| Units::items(FEEDS * JOBS_EACH))
        .iterate(async |_: &mut ()| serve(FEEDS, JOBS_EACH).await)
        .check(|(), tally| {
            let expected = Tally {
                jobs: FEEDS * JOBS_EACH,
                digests: 16_316_466_881_750_987_615,
            };
            if *tally == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {tally:?}"))
            }
        });
}
