//! A state machine gets a state that is much larger than the others.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[derive(Clone)]
enum State {
    Idle,
    Syncing {
        peer: u64,
        height: u64,
        missing: [u32; 14],
    },
    Synced {
        height: u64,
    },
}

struct Replica {
    state: State,
    term: u64,
}

impl Replica {
    async fn advance(&mut self) -> u64 {
        Turn::First.await;
        let next = match &self.state {
            State::Idle => State::Syncing {
                peer: 3,
                height: self.term,
                missing: [1; 14],
            },
            State::Syncing {
                peer,
                height,
                missing,
            } => State::Synced {
                height: height + peer + u64::from(missing[2]),
            },
            State::Synced { height } => {
                self.term += height;
                State::Idle
            }
        };
        self.state = black_box(next);
        self.term
    }
}

async fn replicate(rounds: u64) -> u64 {
    let mut replica = Replica {
        state: State::Idle,
        term: rounds,
    };
    let mut last = 0;
    for _ in 0..rounds * 3 {
        last = replica.advance().await;
    }
    let before = replica.state.clone();
    Turn::First.await;
    last + u64::from(matches!(before, State::Idle))
}

enum Turn {
    First,
    Again,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Turn::Again) {
            return Poll::Ready(());
        }
        *self = Turn::Again;
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
    let rounds = black_box(std::env::args().count() as u64);
    println!("{}", block_on(replicate(rounds)));
}
