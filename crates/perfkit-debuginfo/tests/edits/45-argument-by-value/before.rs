//! An argument is taken by value instead of by reference.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

struct Batch {
    rows: [u64; 40],
    table: u64,
}

async fn store(batch: &Batch) -> u64 {
    let mut stored = batch.table;
    for row in &batch.rows[..3] {
        flush().await;
        stored += row;
    }
    stored
}

async fn ingest(tables: u64) -> u64 {
    let mut stored = 0;
    for table in 0..tables {
        let batch = black_box(Batch {
            rows: [table; 40],
            table,
        });
        stored += store(&batch).await;
    }
    stored
}

fn flush() -> impl Future<Output = ()> {
    let mut waited = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
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
    let tables = black_box(std::env::args().count() as u64);
    println!("{}", block_on(ingest(tables)));
}
