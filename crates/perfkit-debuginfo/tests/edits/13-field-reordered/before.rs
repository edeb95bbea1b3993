//! The fields of two structs are declared in another order.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Address {
    port: u16,
    host: [u8; 30],
    scope: u32,
}

struct Route {
    metric: u8,
    via: Address,
    expires: u64,
    flags: u16,
    hits: [u32; 6],
}

fn route(seed: u64) -> Route {
    let via = Address {
        port: seed as u16,
        host: [seed as u8; 30],
        scope: 1,
    };
    Route {
        metric: 2,
        via,
        expires: seed + 60,
        flags: 5,
        hits: [seed as u32; 6],
    }
}

async fn resolve(seed: u64) -> Route {
    let mut found = black_box(route(seed));
    Step::First.await;
    found.hits[0] += u32::from(found.via.port) + found.via.scope;
    found
}

async fn forward(packets: u64) -> u64 {
    let mut best = resolve(packets).await;
    for packet in 0..packets {
        let other = resolve(packet).await;
        if other.expires > best.expires && other.metric <= best.metric {
            best = other;
        }
    }
    best.expires + u64::from(best.via.host[3]) + u64::from(best.flags) + u64::from(best.hits[0])
}

enum Step {
    First,
    Again,
}

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Step::Again) {
            return Poll::Ready(());
        }
        *self = Step::Again;
        Poll::Pending
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn main() {
    let packets = black_box(std::env::args().count() as u64);
    println!("{}", block_on(forward(packets)));
}
