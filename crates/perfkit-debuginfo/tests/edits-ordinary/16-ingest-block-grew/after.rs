//! A function joins two async blocks, one that reads and one that flushes; the one that flushes takes larger batches.
use std::cell::RefCell;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

enum Half<F: Future> {
    Running(F),
    Done(Option<F::Output>),
}

impl<F: Future> Half<F> {
    /// Whether it is done; the half never moves while it runs.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        if let Half::Running(future) = self {
            match unsafe { Pin::new_unchecked(future) }.poll(cx) {
                Poll::Ready(output) => *self = Half::Done(Some(output)),
                Poll::Pending => return false,
            }
        }
        true
    }

    fn take(&mut self) -> F::Output {
        match self {
            Half::Done(output) => output.take().expect("it is taken once"),
            Half::Running(_) => unreachable!("it is done"),
        }
    }
}

struct Both<A: Future, B: Future> {
    left: Half<A>,
    right: Half<B>,
}

fn both<A: Future, B: Future>(left: A, right: B) -> Both<A, B> {
    Both {
        left: Half::Running(left),
        right: Half::Running(right),
    }
}

impl<A: Future, B: Future> Future for Both<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = unsafe { self.get_unchecked_mut() };
        let left = this.left.advance(cx);
        let right = this.right.advance(cx);
        if left && right {
            return Poll::Ready((this.left.take(), this.right.take()));
        }
        Poll::Pending
    }
}

async fn ingest(lines: u64) -> u64 {
    let queue = RefCell::new(Vec::new());
    let read = async {
        let mut chunk = black_box([0u64; 18]);
        for line in 0..lines {
            chunk[line as usize % 18] = line;
            Nap(1).await;
            queue.borrow_mut().push(chunk[line as usize % 18]);
        }
        lines
    };
    let flush = async {
        let mut written = 0;
        let mut batch = black_box([0u64; 112]);
        while written < lines {
            Nap(1).await;
            for slot in &mut batch {
                let Some(line) = queue.borrow_mut().pop() else {
                    break;
                };
                *slot = line;
                written += 1;
            }
        }
        batch.iter().sum::<u64>()
    };
    let (read, flushed) = both(read, flush).await;
    read + flushed
}

async fn collector(sources: u64) -> u64 {
    let mut sum = 0;
    for source in 0..sources {
        sum += ingest(source + 5).await;
    }
    sum
}

struct Nap(u8);

impl Future for Nap {
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
    let sources = black_box(std::env::args().count() as u64);
    println!("{}", block_on(collector(sources)));
}
