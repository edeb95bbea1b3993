//! The two halves of a join change places and one of them keeps a larger delta.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

enum Half<F: Future> {
    Running(F),
    Done(F::Output),
}

struct Join<A: Future, B: Future> {
    left: Half<A>,
    right: Half<B>,
}

impl<F: Future> Half<F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if let Half::Running(future) = self {
            // The join is pinned and its halves never move out.
            match unsafe { Pin::new_unchecked(future) }.poll(cx) {
                Poll::Ready(output) => *self = Half::Done(output),
                Poll::Pending => return false,
            }
        }
        true
    }
}

impl<A: Future<Output = u32>, B: Future<Output = u32>> Future for Join<A, B> {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let this = unsafe { self.get_unchecked_mut() };
        let both = this.left.poll(cx) & this.right.poll(cx);
        match (&this.left, &this.right) {
            (Half::Done(left), Half::Done(right)) if both => Poll::Ready(left + right),
            _ => Poll::Pending,
        }
    }
}

async fn pull(peer: u32) -> u32 {
    let delta = black_box([peer as u8; 260]);
    YieldNow(false).await;
    u32::from(delta[peer as usize % delta.len()])
}

async fn push(peer: u32) -> u32 {
    let window = black_box([peer as u16; 90]);
    YieldNow(false).await;
    YieldNow(false).await;
    u32::from(window[peer as usize % window.len()])
}

async fn sync(peer: u32) -> u32 {
    Join {
        left: Half::Running(push(peer)),
        right: Half::Running(pull(peer)),
    }
    .await
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
    let peer = black_box(std::env::args().count() as u32);
    println!("{}", block_on(sync(peer)));
}
