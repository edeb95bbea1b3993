//! One of the two async blocks that a worker joins becomes an async fn of its own.
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Join<A: Future, B: Future> {
    left: A,
    left_output: Option<A::Output>,
    right: B,
    right_output: Option<B::Output>,
}

impl<A: Future, B: Future> Join<A, B> {
    fn new(left: A, right: B) -> Self {
        Join {
            left,
            left_output: None,
            right,
            right_output: None,
        }
    }
}

impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Neither future is moved once it is polled.
        let this = unsafe { self.get_unchecked_mut() };
        if this.left_output.is_none() {
            if let Poll::Ready(output) = unsafe { Pin::new_unchecked(&mut this.left) }.poll(cx) {
                this.left_output = Some(output);
            }
        }
        if this.right_output.is_none() {
            if let Poll::Ready(output) = unsafe { Pin::new_unchecked(&mut this.right) }.poll(cx) {
                this.right_output = Some(output);
            }
        }
        if this.left_output.is_none() || this.right_output.is_none() {
            return Poll::Pending;
        }
        Poll::Ready((
            this.left_output.take().unwrap(),
            this.right_output.take().unwrap(),
        ))
    }
}

struct Queue {
    jobs: RefCell<Vec<u64>>,
    done: Cell<u64>,
    total: u64,
}

async fn drain(queue: &Queue) -> u64 {
    let mut sum = 0;
    let mut slots = black_box([0u64; 26]);
    while queue.done.get() < queue.total {
        let job = queue.jobs.borrow_mut().pop().unwrap_or(0);
        slots[job as usize % 26] = job;
        queue.done.set(queue.done.get() + 1);
        Yield(false).await;
        sum += slots[job as usize % 26];
    }
    sum
}

async fn worker(count: u64) -> u64 {
    let queue = Queue {
        jobs: RefCell::new((0..count).collect()),
        done: Cell::new(0),
        total: count,
    };
    let watch = async {
        let mut beats = black_box([0u32; 40]);
        let mut beat = 0;
        while queue.done.get() < queue.total {
            beats[beat % 40] = queue.done.get() as u32;
            beat += 1;
            Yield(false).await;
        }
        beats.iter().map(|&beat| u64::from(beat)).sum::<u64>()
    };
    let (drained, watched) = Join::new(drain(&queue), watch).await;
    drained + watched
}

async fn pool(workers: u64) -> u64 {
    let mut sum = 0;
    for id in 0..workers {
        sum += worker(id + 8).await;
    }
    sum
}

struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
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
    let workers = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(pool(workers)));
}
