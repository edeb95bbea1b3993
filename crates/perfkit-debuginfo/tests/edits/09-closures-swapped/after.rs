//! Two closures of different sizes change places; neither grows.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

struct Pipeline {
    stages: Vec<Box<dyn FnMut(u64) -> u64>>,
}

impl Pipeline {
    fn stage(mut self, stage: impl FnMut(u64) -> u64 + 'static) -> Self {
        self.stages.push(Box::new(stage));
        self
    }

    async fn feed(&mut self, sample: u64) -> u64 {
        let mut value = sample;
        for stage in &mut self.stages {
            value = stage(value);
            breathe().await;
        }
        value
    }
}

fn build(seed: u64) -> Pipeline {
    let pipeline = Pipeline { stages: Vec::new() };
    let taps = black_box([seed; 9]);
    let mut history = black_box([seed as u32; 70]);
    pipeline
        .stage(move |sample| {
            history.rotate_left(1);
            history[69] = sample as u32;
            history.iter().map(|&entry| u64::from(entry)).sum()
        })
        .stage(move |sample| taps.iter().fold(sample, |a, tap| a.wrapping_add(a ^ tap)))
}

fn breathe() -> impl Future<Output = ()> {
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
    let seed = black_box(std::env::args().count() as u64);
    let mut pipeline = build(seed);
    let first = block_on(pipeline.feed(seed));
    println!("{}", first + block_on(pipeline.feed(first)));
}
