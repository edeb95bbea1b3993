//! An async function and a helper are renamed.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

struct Letter {
    to: [u8; 40],
    subject: [u8; 60],
}

async fn deliver(letter: &Letter) -> u32 {
    let mut envelope = black_box([0u8; 100]);
    envelope[..40].copy_from_slice(&letter.to);
    envelope[40..].copy_from_slice(&letter.subject);
    hop().await;
    envelope.iter().map(|&byte| u32::from(byte)).sum()
}

async fn post_all(letters: u32) -> u32 {
    let mut sent = 0;
    for index in 0..letters {
        let letter = black_box(Letter {
            to: [index as u8; 40],
            subject: [1; 60],
        });
        sent += deliver(&letter).await;
    }
    let receipt = async {
        let lines = black_box([sent; 18]);
        hop().await;
        lines[letters as usize % 18]
    };
    receipt.await
}

fn hop() -> impl Future<Output = ()> {
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
    let letters = black_box(std::env::args().count() as u32);
    println!("{}", block_on(post_all(letters)));
}
