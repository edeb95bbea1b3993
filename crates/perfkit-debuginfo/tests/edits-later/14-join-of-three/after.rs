//! A join of two becomes a join of three, the third being a call that was awaited elsewhere, now under a deadline.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

enum Half<F: Future<Output = u64>> {
    Running(F),
    Done(u64),
}

struct Join<A: Future<Output = u64>, B: Future<Output = u64>>(Half<A>, Half<B>);

fn join<A: Future<Output = u64>, B: Future<Output = u64>>(left: A, right: B) -> Join<A, B> {
    Join(Half::Running(left), Half::Running(right))
}

fn step<F: Future<Output = u64>>(half: &mut Half<F>, cx: &mut Context<'_>) -> Option<u64> {
    match half {
        Half::Done(value) => Some(*value),
        Half::Running(future) => match unsafe { Pin::new_unchecked(future) }.poll(cx) {
            Poll::Ready(value) => {
                *half = Half::Done(value);
                Some(value)
            }
            Poll::Pending => None,
        },
    }
}

impl<A: Future<Output = u64>, B: Future<Output = u64>> Future for Join<A, B> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let this = unsafe { self.get_unchecked_mut() };
        match (step(&mut this.0, cx), step(&mut this.1, cx)) {
            (Some(left), Some(right)) => Poll::Ready(left + right),
            _ => Poll::Pending,
        }
    }
}

struct Deadline<F>(F, u32);

impl<F: Future<Output = u64>> Future for Deadline<F> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let this = unsafe { self.get_unchecked_mut() };
        this.1 -= 1;
        if this.1 == 0 {
            return Poll::Ready(0);
        }
        unsafe { Pin::new_unchecked(&mut this.0) }.poll(cx)
    }
}

async fn profile(user: u64) -> u64 {
    let row = black_box([user; 40]);
    nap().await;
    row.iter().sum()
}

async fn orders(user: u64) -> u64 {
    let page = black_box([user as u32; 96]);
    nap().await;
    page.iter().map(|&id| u64::from(id)).sum()
}

async fn suggest(user: u64) -> u64 {
    let scores = black_box([user as u16; 210]);
    nap().await;
    scores.iter().map(|&score| u64::from(score)).sum()
}

async fn dashboard(user: u64) -> u64 {
    let both = join(profile(user), orders(user));
    join(both, Deadline(suggest(user), 9)).await
}

async fn page(user: u64) -> u64 {
    dashboard(user).await
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
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn main() {
    let user = black_box(std::env::args().count() as u64);
    println!("{}", drive(page(user)));
}
