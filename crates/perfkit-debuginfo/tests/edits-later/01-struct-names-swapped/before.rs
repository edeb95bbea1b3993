//! Two structs whose names were the wrong way round swap them; their fields and uses follow.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod wire {
    pub struct Frame {
        pub stream: u32,
        pub offset: u32,
        pub words: [u32; 22],
    }

    pub struct Packet {
        pub route: [u8; 16],
        pub checksum: u64,
        pub cells: [u64; 126],
    }

    pub struct Outbox<T> {
        pub pending: T,
        pub sent: u64,
    }
}

use wire::{Frame, Outbox, Packet};

async fn transmit(link: u64) -> u64 {
    let packet = black_box(Packet {
        route: [link as u8; 16],
        checksum: link,
        cells: [link; 126],
    });
    let lost = Tick(2).await;
    packet.checksum + packet.cells[usize::from(packet.route[3]) % 126] + u64::from(lost)
}

async fn reassemble(link: u64) -> u64 {
    let frame = black_box(Frame {
        stream: 7,
        offset: 0,
        words: [link as u32; 22],
    });
    let lost = Tick(1).await;
    u64::from(frame.words[(frame.stream + frame.offset) as usize % 22]) + u64::from(lost)
}

async fn drain(link: u64) -> u64 {
    let mut small = Outbox {
        pending: black_box(Frame {
            stream: 1,
            offset: 2,
            words: [3; 22],
        }),
        sent: 0,
    };
    small.sent += transmit(link).await;
    let large = Outbox {
        pending: black_box(Packet {
            route: [4; 16],
            checksum: 5,
            cells: [6; 126],
        }),
        sent: small.sent,
    };
    let read = reassemble(link).await;
    read + large.sent + large.pending.cells[9] + u64::from(small.pending.words[8])
}

struct Tick(u8);

impl Future for Tick {
    type Output = u8;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u8> {
        if self.0 == 0 {
            return Poll::Ready(0);
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn drive<F: Future>(future: F) -> F::Output {
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
    let links = black_box(std::env::args().count() as u64);
    println!("{}", drive(drain(links)));
}
