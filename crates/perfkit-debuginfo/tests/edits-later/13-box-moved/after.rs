//! In two functions that await each other the box around the recursive call moves from one to the other.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Tree {
    fanout: usize,
    weights: [u64; 10],
}

async fn visit(tree: &Tree, depth: usize) -> u64 {
    let path = black_box([depth as u64; 9]);
    Tick(1).await;
    if depth == 0 {
        return tree.weights[path[4] as usize % 10];
    }
    let below = visit_children(tree, depth).await;
    below + path.iter().sum::<u64>()
}

async fn visit_children(tree: &Tree, depth: usize) -> u64 {
    let order = black_box([depth as u16; 120]);
    let mut total = 0;
    for child in 0..tree.fanout {
        total += Box::pin(visit(tree, depth - 1)).await;
        total += u64::from(order[child % order.len()]);
    }
    total
}

async fn weigh(depth: usize) -> u64 {
    let tree = black_box(Tree {
        fanout: 2,
        weights: [3; 10],
    });
    visit(&tree, depth).await
}

struct Tick(u8);

impl Future for Tick {
    type Output = u8;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u8> {
        if self.0 == 0 {
            return Poll::Ready(0);
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
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
    let depth = black_box(std::env::args().count() + 1);
    println!("{}", drive(weigh(depth)));
}
