//! A type with its own impl block is added above the impl blocks that were there.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod wire {
    use super::YieldNow;
    use std::hint::black_box;

    pub struct Reader {
        pub filled: usize,
    }

    impl Reader {
        pub async fn step(&mut self, byte: u8) -> usize {
            let block = black_box([byte; 64]);
            YieldNow(false).await;
            self.filled += block[self.filled % 64] as usize;
            self.filled
        }
    }

    pub struct Writer {
        pub pending: usize,
    }

    impl Writer {
        pub async fn step(&mut self, byte: u8) -> usize {
            let block = black_box([byte; 160]);
            YieldNow(false).await;
            self.pending += block[self.pending % 160] as usize;
            self.pending
        }
    }

    pub async fn copy(rounds: usize) -> usize {
        let mut reader = Reader { filled: rounds };
        let mut writer = Writer { pending: 0 };
        let mut moved = 0;
        for _ in 0..rounds {
            let read = reader.step(rounds as u8).await;
            moved += writer.step(read as u8).await;
        }
        moved
    }
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
    let rounds = black_box(std::env::args().count());
    println!("{}", block_on(wire::copy(rounds)));
}
