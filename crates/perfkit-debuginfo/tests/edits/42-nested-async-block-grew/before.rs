//! The async block that a closure makes keeps a larger body, and another async block is added above.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type Fetch = Pin<Box<dyn Future<Output = u64>>>;

fn fetchers(count: u64) -> Vec<Fetch> {
    let mut fetchers: Vec<Fetch> = Vec::new();
    let make = |page: u64| {
        Box::pin(async move {
            let body = black_box([page; 15]);
            Turn::First.await;
            body[page as usize % body.len()]
        })
    };
    for page in 0..count {
        fetchers.push(make(page));
    }
    fetchers
}

async fn crawl(count: u64) -> u64 {
    let mut bytes = 0;
    for fetch in fetchers(count) {
        bytes += fetch.await;
    }
    let summary = async {
        let histogram = black_box([bytes; 11]);
        Turn::First.await;
        histogram[3]
    };
    summary.await
}

enum Turn {
    First,
    Again,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Turn::Again) {
            return Poll::Ready(());
        }
        *self = Turn::Again;
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
    let count = black_box(std::env::args().count() as u64);
    println!("{}", block_on(crawl(count)));
}
