//! A rate limiter becomes generic over its clock, to be tested, and remembers more arrivals.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod limiter {
    use super::Pause;

    pub struct Limiter {
        arrivals: [u64; 10],
        next: usize,
        ticks: u64,
    }

    impl Limiter {
        pub fn new() -> Self {
            Limiter {
                arrivals: [0; 10],
                next: 0,
                ticks: 0,
            }
        }

        fn now(&mut self) -> u64 {
            self.ticks += 3;
            self.ticks
        }

        pub async fn acquire(&mut self, cost: u64) -> u64 {
            let mut waited = 0;
            let slot = self.next % self.arrivals.len();
            while self.arrivals[slot] + cost > self.now() {
                Pause(false).await;
                waited += 1;
            }
            self.arrivals[slot] = self.now();
            self.next += 1;
            waited
        }
    }

    pub async fn throttle(mut limiter: Limiter, requests: u64) -> u64 {
        let mut waited = 0;
        for request in 0..requests {
            waited += limiter.acquire(request % 4 + 1).await;
        }
        waited
    }
}

struct Batch {
    bodies: [u32; 40],
}

async fn publish(batch: Batch, waited: u64) -> u64 {
    let mut sum = waited;
    for chunk in batch.bodies.chunks(20) {
        Pause(false).await;
        sum += chunk.iter().map(|&body| u64::from(body)).sum::<u64>();
    }
    sum
}

async fn service(requests: u64) -> u64 {
    let limiter = black_box(limiter::Limiter::new());
    let waited = limiter::throttle(limiter, requests).await;
    let batch = black_box(Batch {
        bodies: [requests as u32; 40],
    });
    publish(batch, waited).await
}

struct Pause(bool);

impl Future for Pause {
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
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let requests = black_box(std::env::args().count() as u64 * 6);
    println!("{}", block_on(service(requests)));
}
