//! A copy loop and its progress meter take a trait object instead of a type parameter.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

trait Source {
    fn next(&mut self) -> Option<u64>;
}

struct File {
    cache: [u64; 140],
    at: usize,
}

struct Socket {
    window: [u32; 26],
    left: u32,
}

impl Source for File {
    fn next(&mut self) -> Option<u64> {
        self.at += 1;
        self.cache.get(self.at * 30).copied()
    }
}

impl Source for Socket {
    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        Some(u64::from(self.window[self.left as usize % 26]))
    }
}

struct Meter<'a> {
    source: &'a mut dyn Source,
    moved: u64,
}

async fn copy(mut meter: Meter<'_>, limit: u64) -> u64 {
    let block = black_box([limit; 14]);
    while let Some(word) = meter.source.next() {
        Turn::default().await;
        meter.moved += word ^ block.iter().sum::<u64>();
    }
    meter.moved
}

async fn backup(limit: u64) -> u64 {
    let mut file = black_box(File {
        cache: [limit; 140],
        at: 0,
    });
    let first = copy(
        Meter {
            source: &mut file,
            moved: 0,
        },
        limit,
    )
    .await;
    let mut socket = black_box(Socket {
        window: [limit as u32; 26],
        left: 3,
    });
    first
        + copy(
            Meter {
                source: &mut socket,
                moved: first,
            },
            limit,
        )
        .await
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
    let limit = black_box(std::env::args().count() as u64);
    println!("{}", drive(backup(limit)));
}
