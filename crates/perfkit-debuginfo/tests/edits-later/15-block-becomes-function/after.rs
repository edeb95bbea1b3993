//! An async block becomes an async function, which holds what the block captured twice.
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

struct Config {
    endpoints: [u64; 22],
    retries: u32,
}

async fn work(config: Config) -> u64 {
    let mut moved = 0;
    for attempt in 0..config.retries {
        Turn::default().await;
        moved += config.endpoints[attempt as usize % 22];
    }
    moved
}

fn workers(shards: u64) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for shard in 0..shards {
        let config = black_box(Config {
            endpoints: [shard; 22],
            retries: 2,
        });
        tasks.push(Box::pin(work(config)));
    }
    tasks.push(Box::pin(async move {
        let beats = black_box([shards; 16]);
        Turn::default().await;
        beats.iter().sum()
    }));
    tasks
}

type Task = Pin<Box<dyn Future<Output = u64>>>;

fn finish(mut tasks: Vec<Task>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut total = 0;
    while let Some(mut task) = tasks.pop() {
        match task.as_mut().poll(&mut cx) {
            Poll::Ready(value) => total += value,
            Poll::Pending => tasks.insert(0, task),
        }
    }
    total
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

fn main() {
    let shards = black_box(std::env::args().count() as u64);
    println!("{}", finish(workers(shards)));
}
