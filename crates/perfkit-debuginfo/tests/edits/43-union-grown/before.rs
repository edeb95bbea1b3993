//! A union gets a wider view of the same bytes.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod simd {
    pub union Lanes {
        pub bytes: [u8; 64],
        pub words: [u32; 16],
    }

    impl Lanes {
        pub fn load(byte: u8) -> Self {
            Lanes { bytes: [byte; 64] }
        }

        pub fn word(&self, lane: usize) -> u32 {
            // Every bit pattern is a number.
            unsafe { self.words[lane % 16] }
        }
    }

    pub struct Register {
        pub lanes: Lanes,
        pub mask: u64,
    }
}

async fn reduce(byte: u8) -> u32 {
    let register = black_box(simd::Register {
        lanes: simd::Lanes::load(byte),
        mask: 0xff,
    });
    let mut sum = 0;
    for lane in 0..4 {
        YieldNow(false).await;
        sum += register.lanes.word(lane) & register.mask as u32;
    }
    sum
}

async fn kernel(rounds: u8) -> u32 {
    let mut total = 0;
    for byte in 0..rounds {
        total += reduce(byte + 1).await;
    }
    total
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

fn spin<T>(task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        match task.as_mut().poll(cx) {
            Poll::Ready(value) => break value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let rounds = black_box(std::env::args().count() as u8);
    println!("{}", spin(kernel(rounds)));
}
