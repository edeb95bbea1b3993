//! The job of a worker is split into what was asked for and how far it got; functions take the part they need.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct JobSpec {
    id: u64,
    image: [u8; 120],
    arguments: [u64; 10],
}

struct JobState {
    attempts: u64,
    progress: [u64; 16],
    finished: bool,
}

impl JobSpec {
    fn new(id: u64) -> Self {
        JobSpec {
            id,
            image: [id as u8; 120],
            arguments: [id; 10],
        }
    }
}

impl JobState {
    fn new() -> Self {
        JobState {
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

async fn prepare(spec: &JobSpec) -> u64 {
    let layers = black_box([spec.id; 14]);
    Turn(2).await;
    layers[usize::from(spec.image[9]) % 14] + spec.arguments[2]
}

async fn execute(state: &mut JobState, layer: u64) {
    for step in 0..3 {
        Turn(1).await;
        state.progress[step] += layer;
    }
    state.attempts += 1;
    state.finished = state.attempts > 1;
}

async fn archive(id: u64, state: JobState) -> Summary {
    Turn(1).await;
    Summary {
        id,
        attempts: state.attempts,
        steps: state.progress,
    }
}

async fn process(id: u64) -> u64 {
    let spec = black_box(JobSpec::new(id));
    let mut state = black_box(JobState::new());
    while !state.finished {
        let layer = prepare(&spec).await;
        execute(&mut state, layer).await;
    }
    let summary = archive(spec.id, state).await;
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
