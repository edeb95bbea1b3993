//! A buffer two calls deep is enlarged from 64 bytes to 4096.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod frame {
    use super::YieldNow;
    use std::hint::black_box;

    pub async fn read(stream: usize) -> u32 {
        let mut buf = black_box([0u8; 4096]);
        let mut have = 0;
        while have < 8 {
            YieldNow(false).await;
            buf[have] = stream as u8;
            have += 1;
        }
        buf[..have].iter().map(|&byte| u32::from(byte)).sum()
    }
}

mod message {
    use super::{YieldNow, frame};

    pub struct Message {
        pub length: u32,
        pub body: [u32; 4],
    }

    pub async fn receive(stream: usize) -> Message {
        let length = frame::read(stream).await;
        let mut body = [0; 4];
        for part in &mut body {
            *part = frame::read(stream).await;
        }
        YieldNow(false).await;
        Message { length, body }
    }
}

async fn session(streams: usize) -> u32 {
    let mut total = 0;
    for stream in 0..streams {
        let message = message::receive(stream + 1).await;
        YieldNow(false).await;
        total += message.length + message.body[stream % 4];
    }
    total
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
    let streams = black_box(std::env::args().count());
    println!("{}", block_on(session(streams)));
}
