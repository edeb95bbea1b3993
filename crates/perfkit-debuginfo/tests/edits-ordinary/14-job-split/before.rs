//! The job of a worker is split into what was asked for and how far it got; functions take the part they need.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Job {
    id: u64,
    image: [u8; 120],
    arguments: [u64; 10],
    attempts: u64,
    progress: [u64; 16],
    finished: bool,
}

impl Job {
    fn new(id: u64) -> Self {
        Job {
            id,
            image: [id as u8; 120],
            arguments: [id; 10],
            attempts: 0,
            progress: [0; 16],
            finished: false,
        }
    }
}

struct Summary {
    id: u64,
    attempts: u64,
    steps: [u64; 16],
}

async fn prepare(job: &Job) -> u64 {
    let layers = black_box([job.id; 14]);
    Turn(2).await;
    layers[usize::from(job.image[9]) % 14] + job.arguments[2]
}

async fn execute(job: &mut Job, layer: u64) {
    for step in 0..3 {
        Turn(1).await;
        job.progress[step] += layer;
    }
    job.attempts += 1;
    job.finished = job.attempts > 1;
}

async fn archive(job: Job) -> Summary {
    Turn(1).await;
    Summary {
        id: job.id,
        attempts: job.attempts,
        steps: job.progress,
    }
}

async fn process(id: u64) -> u64 {
    let mut job = black_box(Job::new(id));
    while !job.finished {
        let layer = prepare(&job).await;
        execute(&mut job, layer).await;
    }
    let summary = archive(job).await;
    summary.id + summary.attempts + summary.steps.iter().sum::<u64>()
}

async fn worker(jobs: u64) -> u64 {
    let mut sum = 0;
    for id in 0..jobs {
        sum += process(id).await;
    }
    sum
}

struct Turn(u8);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
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
    let jobs = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(worker(jobs)));
}
