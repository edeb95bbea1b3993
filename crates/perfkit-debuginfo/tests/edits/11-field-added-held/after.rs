//! A session gets a signing key; futures hold a session across their awaits.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod session {
    use super::YieldNow;
    use std::hint::black_box;

    pub struct Session {
        id: u64,
        peer: [u8; 16],
        history: [u32; 16],
        signing_key: [u8; 32],
    }

    impl Session {
        pub fn open(id: u64) -> Self {
            Session {
                id,
                peer: black_box([id as u8; 16]),
                history: [0; 16],
                signing_key: black_box([id as u8 ^ 0x5a; 32]),
            }
        }

        pub async fn exchange(&mut self, message: u32) -> u32 {
            YieldNow(false).await;
            self.history.rotate_left(1);
            self.history[15] =
                message ^ u32::from(self.peer[3] ^ self.signing_key[4]) ^ self.id as u32;
            self.history[0]
        }
    }
}

async fn handshake(id: u64) -> u32 {
    let mut session = session::Session::open(id);
    let hello = session.exchange(1).await;
    let answer = session.exchange(hello).await;
    black_box(&session);
    answer
}

async fn accept(connections: u64) -> u32 {
    let mut answers = 0;
    for id in 0..connections {
        answers += handshake(id).await;
    }
    answers
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
    let connections = black_box(std::env::args().count() as u64);
    println!("{}", block_on(accept(connections)));
}
