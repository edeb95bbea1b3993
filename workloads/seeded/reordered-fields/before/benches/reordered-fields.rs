//! Trades for a day.

use perfkit::{Bench, Case, Units};
use reordered_fields::{Day, Order, Side, trade};

perfkit::main!(reordered_fields);

const ORDERS: usize = 18_000;
const TRADES: u64 = 12_986;
const DIGEST: u64 = 0xa2f4_6c50_a478_420d;

fn reordered_fields(bench: &mut Bench) {
    bench
        .workload("reordered-fields")
        .set_up(async |_: &Case| orders())
        .units(|_| Units::items(ORDERS as u64))
        .iterate(async |orders: &mut Vec<Order>| trade(orders).await)
        .check(|_, day: &Day| {
            if day.trades == TRADES && day.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {day:x?}"))
            }
        });
}

fn orders() -> Vec<Order> {
    let mut dice = Dice(61);
    let mut order = |number| {
        let side = if dice.roll(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        Order {
            side,
            label: format!("o{number}"),
            price: 900 + dice.roll(200) as u32,
            pieces: 1 + dice.roll(30) as u32,
            at_once: dice.roll(6) == 0,
            trader: dice.roll(500) as u16,
        }
    };
    (0..ORDERS).map(&mut order).collect()
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}
