//! Some clients trade at the same time.

use mutex_over_await::{Statement, trade};
use perfkit::{Bench, Case, Units};

perfkit::main!(trades);

const CLIENTS: u64 = 6;
const ORDERS: u64 = 3;

fn trades(bench: &mut Bench) {
    bench
        .workload("mutex-over-await")
        .set_up(async |_: &Case| ())
        .units(|()| Units::items(CLIENTS * ORDERS))
        .iterate(async |_: &mut ()| trade(CLIENTS, ORDERS).await)
        .check(|(), statement| {
            let expected = Statement {
                orders: CLIENTS * ORDERS,
                volume: 45_180,
                fees: 815,
            };
            if *statement == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {statement:?}"))
            }
        });
}
