//! One of the two message types that are published gets a larger payload.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

trait Message {
    fn digest(&self) -> u64;
}

struct Ping {
    nonce: [u64; 9],
}

struct Snapshot {
    version: u64,
    cells: [u64; 26],
}

impl Message for Ping {
    fn digest(&self) -> u64 {
        self.nonce.iter().fold(0, |a, b| a ^ b)
    }
}

impl Message for Snapshot {
    fn digest(&self) -> u64 {
        self.version + self.cells.iter().sum::<u64>()
    }
}

struct Envelope<M> {
    topic: u32,
    message: M,
}

async fn publish<M: Message>(topic: u32, message: M) -> u64 {
    let envelope = black_box(Envelope { topic, message });
    Breath::default().await;
    u64::from(envelope.topic) + envelope.message.digest()
}

async fn node(version: u64) -> u64 {
    let pinged = publish(
        1,
        Ping {
            nonce: [version; 9],
        },
    )
    .await;
    pinged
        + publish(
            2,
            Snapshot {
                version,
                cells: [7; 26],
            },
        )
        .await
}

#[derive(Default)]
struct Breath {
    polled: bool,
}

impl Future for Breath {
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
    let version = black_box(std::env::args().count() as u64);
    println!("{}", block_on(node(version)));
}
