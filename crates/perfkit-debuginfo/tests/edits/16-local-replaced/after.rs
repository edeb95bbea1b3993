//! One buffer is no longer held across the await, another of the same size is.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod archive {
    use super::YieldNow;
    use std::hint::black_box;

    fn header(id: u64) -> [u8; 128] {
        black_box([id as u8; 128])
    }

    fn trailer(id: u64) -> [u8; 128] {
        black_box([id as u8 + 1; 128])
    }

    pub async fn write(id: u64) -> u64 {
        let tail = trailer(id);
        YieldNow(false).await;
        let head = header(id);
        head.iter().zip(&tail).map(|(a, b)| u64::from(a ^ b)).sum()
    }

    pub async fn write_all(entries: u64) -> u64 {
        let mut written = 0;
        for id in 0..entries {
            written += write(id).await;
        }
        written
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

fn run<T>(task: impl Future<Output = T>) -> T {
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
    let entries = black_box(std::env::args().count() as u64);
    println!("{}", run(archive::write_all(entries)));
}
