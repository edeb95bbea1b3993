//! Settings that every task had a copy of are shared through an `Arc`, and a rarely used snapshot is boxed.
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[derive(Clone)]
struct Settings {
    endpoints: [u64; 24],
    headers: [u8; 100],
    retries: u32,
}

struct Snapshot {
    counters: [u64; 30],
    taken: u64,
}

struct Worker {
    settings: Settings,
    shard: u64,
    last: Option<Snapshot>,
}

impl Worker {
    fn new(settings: Settings, shard: u64) -> Self {
        Worker {
            settings,
            shard,
            last: None,
        }
    }

    async fn step(&mut self, attempt: u32) -> u64 {
        let request = black_box([self.settings.endpoints[attempt as usize % 24]; 12]);
        Turn::default().await;
        if attempt == 1 {
            self.last = Some(Snapshot {
                counters: [self.shard; 30],
                taken: u64::from(attempt),
            });
        }
        request[4] + u64::from(self.settings.headers[attempt as usize % 100])
    }

    async fn run(mut self) -> u64 {
        let mut sum = 0;
        for attempt in 0..self.settings.retries {
            sum += self.step(attempt).await;
        }
        let last = self.last.as_ref();
        sum + last.map_or(0, |last| last.counters[7] + last.taken)
    }
}

type Task = Pin<Box<dyn Future<Output = u64>>>;

fn spawn_all(settings: &Settings, shards: u64) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for shard in 0..shards {
        let worker = black_box(Worker::new(settings.clone(), shard));
        tasks.push(Box::pin(worker.run()));
    }
    let settings = settings.clone();
    tasks.push(Box::pin(async move {
        let mut checked = 0;
        for endpoint in settings.endpoints {
            Turn::default().await;
            checked += endpoint + u64::from(settings.headers[2]);
        }
        checked
    }));
    tasks
}

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
        match std::mem::replace(&mut self.taken, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn main() {
    let shards = black_box(std::env::args().count() as u64 + 1);
    let settings = black_box(Settings {
        endpoints: [shards; 24],
        headers: [3; 100],
        retries: 3,
    });
    println!("{}", finish(spawn_all(&settings, shards)));
}
