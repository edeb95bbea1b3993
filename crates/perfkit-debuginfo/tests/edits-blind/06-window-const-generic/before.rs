//! A window of samples gets its length from a const generic, and the service asks for a longer one.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod window {
    use super::Nap;

    #[derive(Clone, Copy)]
    pub struct Window {
        samples: [u32; 16],
        next: usize,
    }

    impl Window {
        pub fn new() -> Self {
            Window {
                samples: [0; 16],
                next: 0,
            }
        }

        pub fn push(&mut self, sample: u32) {
            self.samples[self.next % 16] = sample;
            self.next += 1;
        }
    }

    pub async fn settle(window: Window) -> u32 {
        Nap(1).await;
        window.samples.iter().sum::<u32>() / 16
    }
}

struct Endpoint {
    name: [u8; 24],
    latency: window::Window,
    failures: u32,
}

impl Endpoint {
    async fn probe(&mut self, round: u32) -> bool {
        let request = black_box([round as u8; 64]);
        Nap(2).await;
        let failed = (request[3] + self.name[0]) % 5 == 0;
        self.latency.push(round * 7);
        self.failures += u32::from(failed);
        !failed
    }
}

async fn monitor(mut endpoint: Endpoint, rounds: u32) -> u32 {
    let mut healthy = 0;
    for round in 0..rounds {
        healthy += u32::from(endpoint.probe(round).await);
    }
    healthy + window::settle(endpoint.latency).await + endpoint.failures
}

async fn balancer(endpoints: u8) -> u32 {
    let mut sum = 0;
    for id in 0..endpoints {
        let endpoint = black_box(Endpoint {
            name: [id; 24],
            latency: window::Window::new(),
            failures: 0,
        });
        sum += monitor(endpoint, 20).await;
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
    let endpoints = black_box(std::env::args().count() as u8 + 3);
    println!("{}", block_on(balancer(endpoints)));
}
