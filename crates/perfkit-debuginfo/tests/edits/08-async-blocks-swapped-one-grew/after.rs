//! Two async blocks change places and one of them holds a longer page.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod service {
    use super::*;

    pub type Job = Pin<Box<dyn Future<Output = u32>>>;

    pub fn jobs(tenant: u32) -> [Job; 2] {
        let report: Job = Box::pin(async move {
            let page = black_box([tenant as u8; 480]);
            YieldNow(false).await;
            page.iter().map(|&byte| u32::from(byte)).sum()
        });
        let ingest: Job = Box::pin(async move {
            let rows = black_box([tenant; 48]);
            YieldNow(false).await;
            rows.iter().copied().max().unwrap_or(tenant)
        });
        [ingest, report]
    }

    pub async fn run(tenant: u32) -> u32 {
        let mut sum = 0;
        for job in jobs(tenant) {
            sum += job.await;
        }
        sum
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

fn complete<T>(task: impl Future<Output = T>) -> T {
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
    let tenant = black_box(std::env::args().count() as u32);
    println!("{}", complete(service::run(tenant)));
}
