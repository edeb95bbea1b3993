//! A step that rebuilds an index is added and awaited.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Index {
    roots: [u64; 6],
}

async fn open(path: u64) -> Index {
    let superblock = black_box([path; 10]);
    Nap::default().await;
    Index {
        roots: [superblock[2]; 6],
    }
}

async fn search(index: &Index, key: u64) -> u64 {
    let mut cursor = index.roots[key as usize % 6];
    for level in 0..3 {
        Nap::default().await;
        cursor = cursor.rotate_left(level) ^ key;
    }
    cursor
}

async fn query(key: u64) -> u64 {
    let index = open(key).await;
    search(&index, key).await
}

#[derive(Default)]
struct Nap {
    polled: bool,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn wait_for<T>(task: impl Future<Output = T>) -> T {
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
    let key = black_box(std::env::args().count() as u64);
    println!("{}", wait_for(query(key)));
}
