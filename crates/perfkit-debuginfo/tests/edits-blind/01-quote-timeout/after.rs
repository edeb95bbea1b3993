//! The call to the pricing service is wrapped in a timeout.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod pricing {
    use super::Tick;
    use std::hint::black_box;

    pub struct Quote {
        pub cents: [u64; 12],
        pub tier: usize,
    }

    pub async fn quote(item: u64, amount: u64) -> Quote {
        let mut ladder = black_box([item; 72]);
        for step in 0..amount {
            Tick(false).await;
            ladder[step as usize % 72] += step;
        }
        let mut cents = [0; 12];
        cents.copy_from_slice(&ladder[..12]);
        Quote {
            cents,
            tier: amount as usize % 12,
        }
    }
}

mod deadline {
    use std::pin::pin;
    use std::task::Poll;

    pub struct Elapsed;

    /// Gives up on a future after it was polled `polls` times.
    pub async fn timeout<F: Future>(polls: u64, future: F) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        let mut left = polls;
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            if left == 0 {
                return Poll::Ready(Err(Elapsed));
            }
            left -= 1;
            Poll::Pending
        })
        .await
    }
}

mod stock {
    use super::Tick;

    pub struct Reservation {
        pub item: u64,
        pub shelves: [u16; 20],
    }

    pub async fn reserve(item: u64, amount: u64) -> Reservation {
        let mut shelves = [0; 20];
        for unit in 0..amount {
            Tick(false).await;
            shelves[unit as usize % 20] += 1;
        }
        Reservation { item, shelves }
    }
}

/// How long a quote may take.
const QUOTE_POLLS: u64 = 16;

struct Line {
    item: u64,
    amount: u64,
}

async fn checkout(lines: &[Line]) -> u64 {
    let mut total = 0;
    for line in lines {
        let reservation = stock::reserve(line.item, line.amount).await;
        let quote = pricing::quote(line.item, line.amount);
        let Ok(quote) = deadline::timeout(QUOTE_POLLS, quote).await else {
            continue;
        };
        total += quote.cents[quote.tier] + u64::from(reservation.shelves[0]) + reservation.item;
    }
    total
}

async fn storefront(visitors: u64) -> u64 {
    let mut sum = 0;
    for visitor in 0..visitors {
        let lines = [1, 2, 3].map(|item| Line {
            item: item * visitor,
            amount: item + 4,
        });
        sum += checkout(&black_box(lines)).await;
    }
    sum
}

struct Tick(bool);

impl Future for Tick {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
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
    let visitors = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(storefront(visitors)));
}
