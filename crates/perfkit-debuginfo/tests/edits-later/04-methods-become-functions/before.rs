//! Methods of a tuple struct become free functions in a module, its fields get names, and a closure becomes a named function.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Entry(u64, [u8; 64]);

struct Ledger([u64; 24], u32);

impl Ledger {
    async fn settle(&mut self, day: u64) -> u64 {
        let snapshot = black_box([day; 150]);
        let entry = black_box(Entry(day, [1; 64]));
        Turn::default().await;
        self.0[day as usize % 24] += entry.0;
        let fee = |amount: u64| amount / 100 + u64::from(entry.1[amount as usize % 64]);
        let mut charged = fee(day);
        Turn::default().await;
        charged += fee(snapshot.iter().sum());
        charged + u64::from(self.1)
    }

    async fn audit(&self, day: u64) -> u64 {
        let copy = black_box(self.0);
        Turn::default().await;
        copy.iter().sum::<u64>() + day
    }
}

async fn close(days: u64) -> u64 {
    let mut ledger = black_box(Ledger([days; 24], 9));
    let mut total = 0;
    for day in 0..days {
        total += ledger.settle(day).await;
        total += ledger.audit(day).await;
    }
    total
}

#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let taken = self.taken;
        self.taken = true;
        if taken {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let days = black_box(std::env::args().count() as u64);
    println!("{}", drive(close(days)));
}
