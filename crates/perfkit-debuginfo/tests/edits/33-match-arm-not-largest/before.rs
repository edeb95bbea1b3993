//! The buffer of one arm of a match grows, but another arm is still the largest.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

async fn settle() -> u32 {
    let marker = black_box(4);
    Pause::default().await;
    marker
}

async fn handle(kind: u32) -> u32 {
    match kind % 3 {
        0 => {
            let digest = black_box([kind as u8; 32]);
            let settled = settle().await;
            settled + u32::from(digest[kind as usize % digest.len()])
        }
        1 => {
            let bulk = black_box([kind as u8; 900]);
            let settled = settle().await;
            settled + u32::from(bulk[kind as usize % bulk.len()])
        }
        _ => settle().await,
    }
}

async fn serve(kinds: u32) -> u32 {
    let mut answers = 0;
    for kind in 0..=kinds {
        answers += handle(kind).await;
    }
    answers
}

#[derive(Default)]
struct Pause {
    polled: bool,
}

impl Future for Pause {
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
    let kinds = black_box(std::env::args().count() as u32);
    println!("{}", block_on(serve(kinds)));
}
