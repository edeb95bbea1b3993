//! One side of a hand-written select, the heartbeat, keeps a window of round trips.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

enum Either<A, B> {
    Left(A),
    Right(B),
}

struct Select<A, B> {
    left: A,
    right: B,
    flip: bool,
}

fn select<A: Future, B: Future>(left: A, right: B) -> Select<A, B> {
    Select {
        left,
        right,
        flip: false,
    }
}

impl<A: Future, B: Future> Future for Select<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Neither side is moved out of the pinned pair.
        let this = unsafe { self.get_unchecked_mut() };
        let left = unsafe { Pin::new_unchecked(&mut this.left) };
        let right = unsafe { Pin::new_unchecked(&mut this.right) };
        this.flip = !this.flip;
        if this.flip {
            if let Poll::Ready(value) = left.poll(cx) {
                return Poll::Ready(Either::Left(value));
            }
            right.poll(cx).map(Either::Right)
        } else {
            if let Poll::Ready(value) = right.poll(cx) {
                return Poll::Ready(Either::Right(value));
            }
            left.poll(cx).map(Either::Left)
        }
    }
}

async fn receive(peer: u32) -> u32 {
    let frame = black_box([peer as u8; 180]);
    Yield(3).await;
    u32::from(frame[peer as usize % 180])
}

async fn heartbeat(peer: u32) -> u32 {
    let ping = black_box([peer; 12]);
    let mut round_trips = black_box([0u32; 64]);
    for beat in 0..2 {
        Yield(beat + 1).await;
        round_trips[usize::from(beat)] = ping[peer as usize % 12] + u32::from(beat);
    }
    round_trips.iter().max().copied().unwrap_or(peer)
}

async fn write_back(peer: u32, value: u32) -> u32 {
    let packet = black_box([value; 30]);
    Yield(1).await;
    packet[peer as usize % 30]
}

async fn session(peer: u32) -> u32 {
    let value = match select(receive(peer), heartbeat(peer)).await {
        Either::Left(value) => value,
        Either::Right(beat) => beat + 1,
    };
    write_back(peer, value).await
}

async fn hub(peers: u32) -> u32 {
    let mut sum = 0;
    for peer in 0..peers {
        sum += session(peer).await;
    }
    sum
}

struct Yield(u8);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
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
    let peers = black_box(std::env::args().count() as u32 + 1);
    println!("{}", block_on(hub(peers)));
}
