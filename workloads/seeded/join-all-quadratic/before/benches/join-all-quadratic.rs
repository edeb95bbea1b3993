//! Looks for a term in an index of many shards.

use std::sync::Arc;

use join_all_quadratic::{Answer, Index, example, search};
use perfkit::{Bench, Case, Units};

perfkit::main!(searches);

const SHARDS: usize = 1_000;
const DOCUMENTS: u32 = 2_200;
const TERM: u32 = 77_777;

fn searches(bench: &mut Bench) {
    bench
        .workload("join-all-quadratic")
        .set_up(async |_: &Case| example(SHARDS, DOCUMENTS))
        .units(|_| Units::items(SHARDS as u64))
        .iterate(async |index: &mut Arc<Index>| search(index, TERM).await)
        .check(|_, answer| {
            let expected = Answer {
                hits: 274_825,
                ranking: 3_729_880_236_573_912_954,
            };
            if *answer == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {answer:?}"))
            }
        });
}
