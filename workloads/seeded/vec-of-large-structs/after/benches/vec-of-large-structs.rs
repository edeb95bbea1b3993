//! Brings a stream of windows into order.

use perfkit::{Bench, Case, Units};
use vec_of_large_structs::{Series, reorder};

perfkit::main!(windows);

const WINDOWS: u64 = 5_000;

fn windows(bench: &mut Bench) {
    bench
        .workload("vec-of-large-structs")
        .set_up(async |_: &Case| ())
        .units(|()| Units::items(WINDOWS))
        .iterate(async |_: &mut ()| reorder(WINDOWS).await)
        .check(|(), series| {
            let expected = Series {
                windows: WINDOWS,
                misplaced: 0,
                last: WINDOWS - 1,
                trace: 2_666_020_849_431_710_247,
            };
            if *series == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {series:?}"))
            }
        });
}
