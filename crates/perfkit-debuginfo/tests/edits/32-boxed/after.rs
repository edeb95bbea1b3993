//! A large future is boxed where it is awaited.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod image {
    use super::YieldNow;
    use std::hint::black_box;

    pub struct Tile {
        pub pixels: [u32; 32],
    }

    async fn decode(id: u32) -> Tile {
        let mut coefficients = black_box([id; 512]);
        for round in 0..2 {
            YieldNow(false).await;
            coefficients[round] ^= id;
        }
        let mut pixels = [0; 32];
        pixels.copy_from_slice(&coefficients[..32]);
        Tile { pixels }
    }

    pub async fn thumbnail(id: u32) -> u32 {
        let tile = Box::pin(decode(id)).await;
        YieldNow(false).await;
        tile.pixels.iter().fold(0, |a, b| a ^ b)
    }
}

async fn gallery(images: u32) -> u32 {
    let mut digest = 0;
    for id in 0..images {
        digest ^= image::thumbnail(id + 1).await;
    }
    digest
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
    let images = black_box(std::env::args().count() as u32);
    println!("{}", block_on(gallery(images)));
}
