//! The table that a handler captures by move gets more and wider entries.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod router {
    use std::hint::black_box;

    pub struct Router<H> {
        handler: H,
        served: u64,
    }

    impl<H: Fn(u64) -> u64> Router<H> {
        pub fn new(handler: H) -> Self {
            Router { handler, served: 0 }
        }

        pub async fn serve(&mut self, request: u64) -> u64 {
            super::rest().await;
            self.served += 1;
            (self.handler)(black_box(request)) + self.served
        }
    }
}

async fn run(requests: u64) -> u64 {
    let table = black_box([requests as u16; 64]);
    let handler = move |request: u64| u64::from(table[request as usize % table.len()]);
    let mut router = router::Router::new(handler);
    let mut total = 0;
    for request in 0..requests {
        total += router.serve(request).await;
    }
    total
}

fn rest() -> impl Future<Output = ()> {
    let mut waited = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
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
    let requests = black_box(std::env::args().count() as u64);
    println!("{}", block_on(run(requests)));
}
