//! A recursive walk keeps a longer list of names at every level.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Tree {
    fanout: u32,
    visited: u32,
}

async fn walk(tree: &mut Tree, depth: u32) -> u32 {
    let names = black_box([depth; 16]);
    YieldNow(false).await;
    tree.visited += 1;
    if depth == 0 {
        return names[0];
    }
    let mut total = 0;
    for child in 0..tree.fanout {
        total += Box::pin(walk(tree, depth - 1)).await + names[child as usize % names.len()];
    }
    total
}

async fn scan(depth: u32) -> u32 {
    let mut tree = Tree {
        fanout: 2,
        visited: 0,
    };
    let total = walk(&mut tree, depth).await;
    total + tree.visited
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

fn wait<T>(task: impl Future<Output = T>) -> T {
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
    let depth = black_box(std::env::args().count() as u32 + 1);
    println!("{}", wait(scan(depth)));
}
