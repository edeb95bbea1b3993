//! Two modules have a request type each; one of them gets a trace field.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod http {
    pub struct Request {
        pub path: [u8; 48],
        pub headers: [u32; 6],
    }

    pub async fn handle(seed: u32) -> u32 {
        let request = super::black_box(Request {
            path: [seed as u8; 48],
            headers: [seed; 6],
        });
        super::YieldNow(false).await;
        request.headers[1] + u32::from(request.path[2])
    }
}

mod rpc {
    pub struct Request {
        pub method: u32,
        pub arguments: [u64; 9],
    }

    pub async fn handle(seed: u32) -> u32 {
        let request = super::black_box(Request {
            method: seed,
            arguments: [5; 9],
        });
        super::YieldNow(false).await;
        request.method + request.arguments[3] as u32
    }
}

async fn gateway(requests: u32) -> u32 {
    let mut replies = 0;
    for seed in 0..requests {
        replies += http::handle(seed).await;
        replies += rpc::handle(seed).await;
    }
    replies
}

struct YieldNow(bool);

impl Future for YieldNow {
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
    let requests = black_box(std::env::args().count() as u32);
    println!("{}", block_on(gateway(requests)));
}
