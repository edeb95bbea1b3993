//! The body buffer of an async closure is enlarged.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Policy {
    retries: u32,
}

impl Policy {
    async fn retry<F: AsyncFn(u32) -> u32>(&self, request: F) -> u32 {
        let mut best = 0;
        for attempt in 0..self.retries {
            best = best.max(request(attempt).await);
        }
        best
    }
}

async fn fetch(urls: u32) -> u32 {
    let policy = Policy { retries: urls + 1 };
    let salt = black_box(urls as u8);
    let request = async |attempt: u32| {
        let body = black_box([salt; 232]);
        Pause::default().await;
        u32::from(body[attempt as usize % body.len()])
    };
    policy.retry(request).await
}

#[derive(Default)]
struct Pause {
    polled: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        match task.as_mut().poll(cx) {
            Poll::Ready(value) => break value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let urls = black_box(std::env::args().count() as u32);
    println!("{}", block_on(fetch(urls)));
}
