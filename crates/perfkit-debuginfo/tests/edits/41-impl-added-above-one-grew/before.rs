//! An impl block is added above, and a method of the generic impl below it holds a longer frame.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod codec {
    pub trait Codec {
        fn encode(&self, value: u32) -> u8;
    }

    pub struct Json {
        pub indent: [u8; 70],
    }

    impl Codec for Json {
        fn encode(&self, value: u32) -> u8 {
            self.indent[value as usize % 70] ^ value as u8
        }
    }
}

mod session {
    use super::YieldNow;
    use super::codec::Codec;
    use std::hint::black_box;

    pub struct Session<C> {
        pub codec: C,
        pub sequence: u32,
    }

    impl<C: Codec> Session<C> {
        pub async fn send(&mut self, value: u32) -> u32 {
            let frame = black_box([self.codec.encode(value); 76]);
            YieldNow(false).await;
            self.sequence += 1;
            u32::from(frame[value as usize % frame.len()])
        }
    }
}

async fn run(values: u32) -> u32 {
    let codec = codec::Json { indent: [b' '; 70] };
    let mut session = session::Session {
        codec,
        sequence: values,
    };
    let mut sent = 0;
    for value in 0..values {
        sent += session.send(value).await;
    }
    sent + session.sequence
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
    let values = black_box(std::env::args().count() as u32);
    println!("{}", block_on(run(values)));
}
