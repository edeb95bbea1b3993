//! The endpoint part of a configuration becomes a struct of its own.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod config {
    pub struct Config {
        pub name: [u8; 32],
        pub host: [u8; 64],
        pub port: u16,
        pub retries: u32,
        pub backoff: u32,
    }

    pub fn defaults(seed: u32) -> Config {
        Config {
            name: [b'n'; 32],
            host: [seed as u8; 64],
            port: 443,
            retries: 2,
            backoff: seed,
        }
    }
}

async fn dial(config: &config::Config) -> u32 {
    let mut waited = 0;
    for _ in 0..config.retries {
        Step::First.await;
        waited += config.backoff;
    }
    waited + u32::from(config.port) + u32::from(config.host[1])
}

async fn connect(seed: u32) -> u32 {
    let config = black_box(config::defaults(seed));
    let first = dial(&config).await;
    Step::First.await;
    first + u32::from(config.name[0])
}

enum Step {
    First,
    Again,
}

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Step::Again) {
            return Poll::Ready(());
        }
        *self = Step::Again;
        Poll::Pending
    }
}

fn run<T>(task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        match task.as_mut().poll(cx) {
            Poll::Ready(value) => break value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let seed = black_box(std::env::args().count() as u32);
    println!("{}", run(connect(seed)));
}
