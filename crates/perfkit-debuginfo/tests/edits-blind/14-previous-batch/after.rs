//! The task that ships batches keeps the batch before, to leave out what was sent already.
use std::cell::RefCell;
use std::hint::black_box;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

type Task = Pin<Box<dyn Future<Output = u64>>>;

#[derive(Clone, Copy)]
struct Batch {
    events: [u64; 20],
    used: usize,
}

impl Batch {
    fn without(mut self, other: Option<&Batch>) -> Batch {
        let sent = other.map_or(&[][..], |other| &other.events[..other.used]);
        while self.used > 0 && sent.contains(&self.events[self.used - 1]) {
            self.used -= 1;
        }
        self
    }
}

#[derive(Default)]
struct Queue {
    events: RefCell<Vec<u64>>,
}

impl Queue {
    fn take(&self) -> Batch {
        let mut batch = Batch {
            events: [0; 20],
            used: 0,
        };
        while batch.used < 20 {
            let Some(event) = self.events.borrow_mut().pop() else {
                break;
            };
            batch.events[batch.used] = event;
            batch.used += 1;
        }
        batch
    }
}

async fn send(batch: &Batch) -> u64 {
    Tick(false).await;
    batch.events[..batch.used].iter().sum()
}

fn start(queue: &Rc<Queue>, rounds: u64) -> [Task; 2] {
    let source = Rc::clone(queue);
    let collect: Task = Box::pin(async move {
        let mut recent = black_box([0u64; 22]);
        for round in 0..rounds {
            recent[round as usize % 22] = round;
            Tick(false).await;
            source.events.borrow_mut().push(recent[round as usize % 22]);
        }
        recent.iter().sum()
    });
    let queue = Rc::clone(queue);
    let ship: Task = Box::pin(async move {
        let mut sent = 0;
        let mut previous = None;
        for _ in 0..rounds {
            let batch = black_box(queue.take().without(previous.as_ref()));
            sent += send(&batch).await;
            Tick(false).await;
            sent += batch.used as u64;
            previous = Some(batch);
        }
        sent
    });
    [collect, ship]
}

struct Tick(bool);

impl Future for Tick {
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

fn run(mut tasks: Vec<Task>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sum = 0;
    while !tasks.is_empty() {
        tasks.retain_mut(|task| match task.as_mut().poll(&mut cx) {
            Poll::Ready(output) => {
                sum += output;
                false
            }
            Poll::Pending => true,
        });
    }
    sum
}

fn main() {
    let rounds = black_box(std::env::args().count() as u64 + 30);
    let queue = Rc::new(Queue::default());
    println!("{}", run(start(&queue, rounds).into()));
}
