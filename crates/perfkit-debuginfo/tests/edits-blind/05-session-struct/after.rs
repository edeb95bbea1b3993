//! The state of a connection moves from arguments into a struct, which also keeps latencies.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod wire {
    use super::Yield;
    use std::hint::black_box;

    pub struct Packet {
        pub topic: u32,
        pub payload: [u8; 60],
    }

    pub async fn receive(peer: u64, sequence: u32) -> Packet {
        let header = black_box([peer as u8; 32]);
        Yield(false).await;
        let mut payload = [0; 60];
        payload[..32].copy_from_slice(&header);
        Packet {
            topic: sequence % 8,
            payload,
        }
    }

    pub async fn acknowledge(peer: u64, packet: &Packet) -> u64 {
        Yield(false).await;
        peer + u64::from(packet.payload[0])
    }
}

struct Session {
    peer: u64,
    credit: u32,
    topics: [u64; 8],
    latencies: [u32; 48],
}

impl Session {
    fn new(peer: u64, credit: u32) -> Self {
        Session {
            peer,
            credit,
            topics: [0; 8],
            latencies: [0; 48],
        }
    }
}

async fn serve(mut session: Session) -> u64 {
    let mut acknowledged = 0;
    for sequence in 0..session.credit {
        let packet = wire::receive(session.peer, sequence).await;
        session.topics[packet.topic as usize] += 1;
        session.latencies[sequence as usize % 48] = sequence * 2;
        acknowledged += wire::acknowledge(session.peer, &packet).await;
    }
    Yield(false).await;
    let slowest = session.latencies.iter().max().copied().unwrap_or(0);
    let delivered = session.topics.iter().sum::<u64>();
    acknowledged + delivered + u64::from(slowest + session.credit)
}

async fn heartbeat(peer: u64, beats: u32) -> u64 {
    let mut seen = black_box([peer; 10]);
    for beat in 0..beats {
        Yield(false).await;
        seen[beat as usize % 10] += 1;
    }
    seen.iter().sum()
}

async fn accept(peers: u64) -> u64 {
    let mut sum = 0;
    for peer in 0..peers {
        sum += heartbeat(peer, 3).await;
        sum += serve(black_box(Session::new(peer, 12))).await;
    }
    sum
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
    let peers = black_box(std::env::args().count() as u64 + 2);
    println!("{}", block_on(accept(peers)));
}
