//! The capacity of a ring goes from 16 to 2048.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod ring {
    use super::Turn;
    use std::hint::black_box;

    pub struct Ring<const N: usize> {
        slots: [u32; N],
        next: usize,
    }

    impl<const N: usize> Ring<N> {
        fn push(&mut self, sample: u32) -> u32 {
            self.next += 1;
            std::mem::replace(&mut self.slots[self.next % N], sample)
        }
    }

    pub async fn pump<const N: usize>(samples: u32) -> u32 {
        let mut ring = black_box(Ring::<N> {
            slots: [1; N],
            next: 0,
        });
        let mut evicted = 0;
        for sample in 0..samples {
            Turn::First.await;
            evicted += ring.push(sample);
        }
        evicted
    }
}

async fn capture(samples: u32) -> u32 {
    Turn::First.await;
    ring::pump::<2048>(samples).await
}

enum Turn {
    First,
    Again,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Turn::Again) {
            return Poll::Ready(());
        }
        *self = Turn::Again;
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
    let samples = black_box(std::env::args().count() as u32);
    println!("{}", block_on(capture(samples)));
}
