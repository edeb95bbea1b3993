//! A module is split into two, and on the way one variant of an enum is renamed and carries more.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod index {
    use super::Turn;
    use std::hint::black_box;

    pub struct Index {
        pub buckets: [u32; 260],
        pub seed: u64,
    }

    pub async fn lookup(key: u64) -> u64 {
        let index = black_box(Index {
            buckets: [key as u32; 260],
            seed: key,
        });
        Turn::default().await;
        u64::from(index.buckets[index.seed as usize % 260])
    }
}

mod log {
    use super::Turn;
    use std::hint::black_box;

    pub enum Op {
        Get(u64),
        Put { key: u64, value: [u64; 6] },
        Chunk { part: u16, bytes: [u8; 190] },
    }

    pub async fn apply(op: &mut Op) -> u64 {
        let undo = black_box(std::mem::replace(op, Op::Get(0)));
        Turn::default().await;
        match &undo {
            Op::Get(key) => *key,
            Op::Put { key, value } => key + value[3],
            Op::Chunk { part, bytes } => u64::from(bytes[*part as usize % 190]),
        }
    }
}

use log::Op;

async fn replay(count: u64) -> u64 {
    let mut total = 0;
    for key in 0..count {
        let mut op = match key % 3 {
            0 => Op::Chunk {
                part: 0,
                bytes: [key as u8; 190],
            },
            1 => Op::Get(key),
            _ => Op::Put {
                key,
                value: [key; 6],
            },
        };
        total += log::apply(&mut op).await;
        total += index::lookup(key).await;
    }
    total
}

#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let taken = self.taken;
        self.taken = true;
        if taken {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
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
    let count = black_box(std::env::args().count() as u64 + 2);
    println!("{}", drive(replay(count)));
}
