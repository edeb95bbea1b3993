//! Functions and methods are put in another order; none of them changes.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn main() {
    let jobs = black_box(std::env::args().count());
    println!("{}", block_on(run(jobs)));
}

async fn settle(queue: &mut Queue) -> u32 {
    let rest = queue.drain().await;
    rest.count_ones()
}

async fn fill(queue: &mut Queue, jobs: u32) {
    let order = black_box([jobs; 20]);
    for job in order {
        queue.push(job).await;
    }
}

struct Queue {
    ring: [u32; 24],
    head: usize,
}

impl Queue {
    async fn drain(&mut self) -> u32 {
        let mut batch = black_box([0u32; 64]);
        for entry in batch.iter_mut() {
            tick().await;
            *entry = self.ring[self.head % 24];
            self.head += 1;
        }
        batch.iter().fold(0, |a, b| a ^ b)
    }

    async fn push(&mut self, job: u32) {
        let slot = (self.head + job as usize) % 24;
        tick().await;
        self.ring[slot] = job;
    }

    async fn pop(&mut self) -> u32 {
        let seen = black_box(self.ring);
        tick().await;
        self.head += 1;
        seen[self.head % 24]
    }
}

fn tick() -> impl Future<Output = ()> {
    let mut waited = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

async fn run(jobs: usize) -> u32 {
    let mut queue = Queue {
        ring: [0; 24],
        head: 0,
    };
    fill(&mut queue, jobs as u32).await;
    let first = queue.pop().await;
    first + settle(&mut queue).await
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
