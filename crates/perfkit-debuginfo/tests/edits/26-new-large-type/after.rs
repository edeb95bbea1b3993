//! A routing table is introduced and held while packets are forwarded.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod net {
    use super::YieldNow;
    use std::hint::black_box;

    pub struct Packet {
        target: u32,
        payload: [u8; 88],
    }

    pub struct RouteTable {
        hops: [(u32, u32); 256],
        default: u32,
    }

    impl RouteTable {
        fn hop(&self, target: u32) -> u32 {
            let found = self.hops.iter().find(|(prefix, _)| *prefix == target);
            found.map_or(self.default, |(_, hop)| *hop)
        }
    }

    async fn transmit(packet: Packet, hop: u32) -> u32 {
        YieldNow(false).await;
        hop + u32::from(packet.payload[packet.target as usize % 88])
    }

    pub async fn forward(packets: u32) -> u32 {
        let table = black_box(RouteTable {
            hops: [(packets, 1); 256],
            default: 5,
        });
        let mut sent = 0;
        for target in 0..packets {
            let packet = Packet {
                target,
                payload: black_box([3; 88]),
            };
            sent += transmit(packet, table.hop(target)).await;
        }
        sent
    }
}

async fn router(packets: u32) -> u32 {
    YieldNow(false).await;
    net::forward(packets).await
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
    let packets = black_box(std::env::args().count() as u32);
    println!("{}", block_on(router(packets)));
}
