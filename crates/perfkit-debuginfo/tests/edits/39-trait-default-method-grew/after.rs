//! The default body of an async trait method keeps a larger scratch area.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

trait Exporter {
    fn column(&self, index: usize) -> u32;

    async fn flush(&self, rows: usize) -> u32 {
        let mut scratch = black_box([0u32; 77]);
        for row in 0..rows {
            relax().await;
            let width = scratch.len();
            scratch[row % width] = self.column(row);
        }
        scratch.iter().sum()
    }
}

struct Csv {
    columns: [u32; 3],
}

struct Console {
    lines: [u8; 24],
}

impl Exporter for Csv {
    fn column(&self, index: usize) -> u32 {
        self.columns[index % 3]
    }
}

impl Exporter for Console {
    fn column(&self, index: usize) -> u32 {
        u32::from(self.lines[index % 24])
    }

    async fn flush(&self, rows: usize) -> u32 {
        let pending = black_box(self.lines);
        relax().await;
        u32::from(pending[rows % 24]) + self.column(rows)
    }
}

async fn export(rows: usize) -> u32 {
    let console = Console {
        lines: [rows as u8; 24],
    };
    let csv = Csv {
        columns: [rows as u32; 3],
    };
    console.flush(rows).await + csv.flush(rows).await
}

fn relax() -> impl Future<Output = ()> {
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
    let rows = black_box(std::env::args().count());
    println!("{}", block_on(export(rows)));
}
