//! Of three alike nested async closures in one function, the second one's shadowed page grows.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

async fn retry<F: AsyncFn(u64) -> u64>(call: F) -> u64 {
    let mut attempt = 0;
    loop {
        let value = call(attempt).await;
        attempt += 1;
        if value % 3 != 1 || attempt == 4 {
            return value;
        }
    }
}

async fn each<F: AsyncFn(u64) -> u64>(parts: u64, call: F) -> u64 {
    let mut total = 0;
    for part in 0..parts {
        total += call(part).await;
    }
    total
}

async fn gather(shards: u64) -> u64 {
    let hot = retry(async |attempt| {
        let read = async |part| {
            let page = black_box([part as u8; 24]);
            nap().await;
            let page = black_box(page.map(|byte| u64::from(byte) + attempt));
            nap().await;
            page.iter().sum()
        };
        each(shards, read).await
    });
    let hot = hot.await;
    let warm = retry(async |attempt| {
        let read = async |part| {
            let page = black_box([part as u8; 24]);
            nap().await;
            let page = black_box(page.map(|byte| u64::from(byte) + attempt));
            nap().await;
            page.iter().sum()
        };
        each(shards, read).await
    });
    let warm = warm.await;
    let cold = retry(async |attempt| {
        let read = async |part| {
            let page = black_box([part as u8; 24]);
            nap().await;
            let page = black_box(page.map(|byte| u64::from(byte) + attempt));
            nap().await;
            page.iter().sum()
        };
        each(shards, read).await
    });
    hot + warm + cold.await
}

async fn nap() {
    let mut rested = false;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut rested, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await
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
    let shards = black_box(std::env::args().count() as u64);
    println!("{}", drive(gather(shards)));
}
