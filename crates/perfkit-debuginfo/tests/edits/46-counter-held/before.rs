//! A function now reports how far it got, and so keeps its start across the await.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod backup {
    use super::Nap;
    use std::hint::black_box;

    pub struct Clock {
        pub ticks: u64,
    }

    impl Clock {
        pub fn now(&mut self) -> u64 {
            self.ticks += 1;
            self.ticks
        }
    }

    pub async fn copy(clock: &mut Clock, file: u32) -> u64 {
        let block = black_box([file; 26]);
        clock.now();
        Nap::default().await;
        u64::from(block[file as usize % 26]) + clock.now()
    }
}

async fn run(files: u32) -> u64 {
    let mut clock = backup::Clock { ticks: 0 };
    let mut elapsed = 0;
    for file in 0..files {
        elapsed += backup::copy(&mut clock, file).await;
    }
    elapsed
}

#[derive(Default)]
struct Nap {
    polled: bool,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
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
    let files = black_box(std::env::args().count() as u32);
    println!("{}", block_on(run(files)));
}
