//! Delivers updates of orders.

use perfkit::{Bench, Case, Units};
use serialise_twice::{Update, deliver, expected, updates};

perfkit::main!(orders);

const UPDATES: u64 = 1_600;

fn orders(bench: &mut Bench) {
    bench
        .workload("serialise-twice")
        .set_up(async |_: &Case| updates(UPDATES))
        .units(|_| Units::items(UPDATES))
        .iterate(async |updates: &mut Vec<Update>| deliver(updates).await)
        .check(|updates, arrived| match arrived {
            Ok(arrived) if *arrived == expected(updates) => Ok(()),
            other => Err(format!("expected {:?}, got {other:?}", expected(updates))),
        });
}
