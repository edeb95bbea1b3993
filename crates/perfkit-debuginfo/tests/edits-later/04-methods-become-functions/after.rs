//! Methods of a tuple struct become free functions in a module, its fields get names, and a closure becomes a named function.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Entry {
    amount: u64,
    memo: [u8; 64],
}

struct Ledger {
    totals: [u64; 24],
    revision: u32,
}

mod bookkeeping {
    use super::{Entry, Ledger, Turn};
    use std::hint::black_box;

    fn fee(entry: &Entry, amount: u64) -> u64 {
        amount / 100 + u64::from(entry.memo[amount as usize % 64])
    }

    pub async fn settle(ledger: &mut Ledger, day: u64) -> u64 {
        let snapshot = black_box([day; 150]);
        let entry = black_box(Entry {
            amount: day,
            memo: [1; 64],
        });
        Turn::default().await;
        ledger.totals[day as usize % 24] += entry.amount;
        let mut charged = fee(&entry, day);
        Turn::default().await;
        charged += fee(&entry, snapshot.iter().sum());
        charged + u64::from(ledger.revision)
    }

    pub async fn audit(ledger: &Ledger, day: u64) -> u64 {
        let copy = black_box(ledger.totals);
        Turn::default().await;
        copy.iter().sum::<u64>() + day
    }
}

async fn close(days: u64) -> u64 {
    let mut ledger = black_box(Ledger {
        totals: [days; 24],
        revision: 9,
    });
    let mut total = 0;
    for day in 0..days {
        total += bookkeeping::settle(&mut ledger, day).await;
        total += bookkeeping::audit(&ledger, day).await;
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
