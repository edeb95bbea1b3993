//! A permit that was given back at once is now held across the await.
use std::cell::Cell;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Limiter {
    free: Cell<u32>,
}

struct Permit<'a> {
    limiter: &'a Limiter,
    weight: u32,
}

impl Limiter {
    fn acquire(&self, weight: u32) -> Permit<'_> {
        self.free.set(self.free.get() - weight);
        Permit {
            limiter: self,
            weight,
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.free.set(self.limiter.free.get() + self.weight);
    }
}

async fn upload(limiter: &Limiter, part: u32) -> u32 {
    let chunk = black_box([part as u8; 48]);
    drop(limiter.acquire(2));
    YieldNow(false).await;
    u32::from(chunk[part as usize % 48]) + limiter.free.get()
}

async fn upload_all(parts: u32) -> u32 {
    let limiter = Limiter {
        free: Cell::new(parts * 2),
    };
    let mut sent = 0;
    for part in 0..parts {
        sent += upload(&limiter, part).await;
    }
    sent
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
    let parts = black_box(std::env::args().count() as u32);
    println!("{}", block_on(upload_all(parts)));
}
