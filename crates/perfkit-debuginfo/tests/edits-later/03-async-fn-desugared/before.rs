//! Trait methods and a function that were `async fn` return `impl Future + Send` from an async block.
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

trait Store {
    async fn read(&self, key: u64) -> u64;
    async fn write(&self, key: u64, value: u64) -> u64;
}

struct Disk {
    sectors: [u64; 32],
}

impl Store for Disk {
    async fn read(&self, key: u64) -> u64 {
        let page = black_box([self.sectors[key as usize % 32]; 136]);
        nap().await;
        page.iter().sum::<u64>() + key
    }

    async fn write(&self, key: u64, value: u64) -> u64 {
        let journal = black_box([value; 20]);
        nap().await;
        journal.iter().sum::<u64>() + self.sectors[key as usize % 32]
    }
}

async fn warm(keys: u64) -> u64 {
    let seen = black_box([keys as u8; 72]);
    nap().await;
    seen.iter().map(|&byte| u64::from(byte)).sum()
}

async fn serve<S: Store>(store: S, keys: u64) -> u64 {
    let mut total = warm(keys).await;
    for key in 0..keys {
        total += store.read(key).await;
        total += store.write(key, total).await;
    }
    total
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

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    let mut task = Box::pin(task);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = task.as_mut().poll(&mut cx) {
            return value;
        }
        thread::park();
    }
}

fn main() {
    let keys = black_box(std::env::args().count() as u64);
    let disk = Disk {
        sectors: [keys; 32],
    };
    println!("{}", wait(serve(disk, keys)));
}
