//! Values the book of a day.

use std::fmt::Write as _;

use padding::{Value, value};
use perfkit::{Bench, Case, Units};

perfkit::main!(orders);

const SESSIONS: usize = 50;
const ORDERS: usize = 600;

struct Day {
    sessions: Vec<String>,
    bids: i64,
    asks: i64,
    first: Option<Value>,
}

fn orders(bench: &mut Bench) {
    bench
        .workload("padding")
        .set_up(async |case: &Case| {
            let mut day = day(case.seed());
            day.first = Some(value(&day.sessions, SESSIONS * ORDERS).await);
            day
        })
        .units(|_| Units::items((SESSIONS * ORDERS) as u64))
        .iterate(async |day| value(&day.sessions, SESSIONS * ORDERS).await)
        .check(|day, value| {
            let is_right = value.orders == (SESSIONS * ORDERS) as u64
                && (value.bids, value.asks) == (day.bids, day.asks)
                && day.first == Some(*value);
            if is_right {
                Ok(())
            } else {
                Err(format!(
                    "bids {}, asks {}, got {value:?}",
                    day.bids, day.asks
                ))
            }
        });
}

fn day(seed: u64) -> Day {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut day = Day {
        sessions: Vec::new(),
        bids: 0,
        asks: 0,
        first: None,
    };
    for session in 0..SESSIONS {
        let mut lines = String::new();
        for order in 0..ORDERS {
            let number = session * ORDERS + order;
            let (price, quantity) = (next(50_000) as i64 + 1, next(900) + 100);
            let traded = next(quantity);
            let side = if next(2) == 0 { "buy" } else { "sell" };
            let state = if next(5) == 0 { "closed" } else { "open" };
            if state == "open" {
                let open = (quantity - traded) as i64 * price;
                *(if side == "buy" {
                    &mut day.bids
                } else {
                    &mut day.asks
                }) += open;
            }
            writeln!(
                lines,
                "{number} {} {} {price} {quantity} {traded} {} {} {side} {state}",
                next(1 << 30),
                1_000_000 * session + order,
                next(3_000),
                next(24)
            )
            .expect("a string takes all that is written");
        }
        day.sessions.push(lines);
    }
    day
}
