//! A checksum step is removed and an unrelated compression step is awaited in another place.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod pipeline {
    use super::Pause;
    use std::hint::black_box;

    pub struct Block {
        pub bytes: [u8; 40],
        pub number: u32,
    }

    async fn checksum(block: &Block) -> u32 {
        let polynomial = black_box([block.number; 16]);
        Pause(false).await;
        polynomial[block.bytes[0] as usize % 16]
    }

    async fn append(block: &Block, offset: u64) -> u64 {
        Pause(false).await;
        offset + u64::from(block.number)
    }

    pub async fn write(number: u32) -> u64 {
        let block = black_box(Block {
            bytes: [number as u8; 40],
            number,
        });
        let sum = checksum(&block).await;
        append(&block, u64::from(sum)).await
    }
}

async fn log(blocks: u32) -> u64 {
    let mut offset = 0;
    for number in 0..blocks {
        offset += pipeline::write(number).await;
    }
    offset
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
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn main() {
    let blocks = black_box(std::env::args().count() as u32);
    println!("{}", block_on(log(blocks)));
}
