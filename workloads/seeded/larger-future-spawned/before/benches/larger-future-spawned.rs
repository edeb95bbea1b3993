//! Quotes prices for many orders.

use std::sync::Arc;

use larger_future_spawned::{Ledger, Order, Tariff, quote_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(quotes);

const ORDERS: u64 = 2_500;

fn quotes(bench: &mut Bench) {
    bench
        .workload("larger-future-spawned")
        .set_up(async |_: &Case| {
            let order = |number| Order {
                number,
                parcels: 12 + number as u32 % 9,
            };
            let orders: Vec<Order> = (0..ORDERS).map(order).collect();
            (Arc::new(Tariff::new(7)), orders)
        })
        .units(|_| Units::items(ORDERS))
        .iterate(async |(tariff, orders)| quote_all(tariff, orders).await)
        .check(|_, ledger| {
            let expected = Ledger {
                quotes: ORDERS,
                total: 92_189_187,
                letters: 1_046_394,
            };
            if *ledger == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {ledger:?}"))
            }
        });
}
