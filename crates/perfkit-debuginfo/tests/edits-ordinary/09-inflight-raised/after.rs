//! The number of requests that may be in flight, a constant, goes from 8 to 48.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

const MAX_IN_FLIGHT: usize = 48;
const TOPICS: usize = 20;

#[derive(Clone, Copy, Default)]
struct Slot {
    request: u32,
    sent_at: u32,
    attempts: u32,
}

struct Pipeline {
    slots: [Slot; MAX_IN_FLIGHT],
    used: usize,
}

impl Pipeline {
    async fn push(&mut self, request: u32) -> u32 {
        let mut evicted = 0;
        while self.used == MAX_IN_FLIGHT {
            Yield(false).await;
            self.used -= 1;
            evicted += self.slots[self.used].attempts;
        }
        self.slots[self.used] = Slot {
            request,
            sent_at: request * 2,
            attempts: 1,
        };
        self.used += 1;
        evicted
    }
}

async fn drain(pipeline: &mut Pipeline) -> u64 {
    let mut latencies = black_box([0u32; MAX_IN_FLIGHT]);
    while pipeline.used > 0 {
        Yield(false).await;
        pipeline.used -= 1;
        let slot = pipeline.slots[pipeline.used];
        latencies[pipeline.used] = slot.sent_at - slot.request;
    }
    latencies.iter().map(|&latency| u64::from(latency)).sum()
}

async fn subscribe(topic: u32) -> u64 {
    let offsets = black_box([u64::from(topic); TOPICS]);
    Yield(false).await;
    offsets[topic as usize % TOPICS]
}

async fn produce(requests: u32) -> u64 {
    let mut pipeline = black_box(Pipeline {
        slots: [Slot::default(); MAX_IN_FLIGHT],
        used: 0,
    });
    let mut evicted = 0;
    for request in 0..requests {
        evicted += pipeline.push(request).await;
    }
    drain(&mut pipeline).await + u64::from(evicted)
}

async fn broker(requests: u32) -> u64 {
    let offset = subscribe(requests).await;
    offset + produce(requests).await
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
    let requests = black_box(std::env::args().count() as u32 * 12);
    println!("{}", block_on(broker(requests)));
}
