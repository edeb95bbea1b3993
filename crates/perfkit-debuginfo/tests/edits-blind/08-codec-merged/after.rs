//! The modules of the reader and of the parser are merged into one, and the parser accepts more headers.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod codec {
    use super::Rest;

    pub struct ReadState {
        pub buffer: [u8; 96],
        pub filled: usize,
    }

    impl ReadState {
        pub fn new() -> Self {
            ReadState {
                buffer: [0; 96],
                filled: 0,
            }
        }
    }

    pub async fn read(mut state: ReadState, byte: u8) -> ReadState {
        while state.filled < state.buffer.len() {
            Rest(false).await;
            state.buffer[state.filled] = byte.wrapping_add(state.filled as u8);
            state.filled += 8;
        }
        state
    }

    pub struct ParseState {
        pub headers: [(u16, u16); 32],
        pub count: usize,
        pub body: usize,
    }

    impl ParseState {
        pub fn new() -> Self {
            ParseState {
                headers: [(0, 0); 32],
                count: 0,
                body: 0,
            }
        }
    }

    pub async fn parse(mut state: ParseState, bytes: &[u8]) -> ParseState {
        for (at, byte) in bytes.iter().enumerate() {
            if byte % 8 == 0 && state.count < state.headers.len() {
                state.headers[state.count] = (at as u16, u16::from(*byte));
                state.count += 1;
            }
            Rest(false).await;
        }
        state.body = bytes.len();
        state
    }
}

async fn request(id: u8) -> usize {
    let read = codec::read(codec::ReadState::new(), id).await;
    let parsed = codec::parse(codec::ParseState::new(), &read.buffer).await;
    let first = parsed.headers[0];
    parsed.count + parsed.body + usize::from(first.0 + first.1)
}

async fn server(requests: u8) -> usize {
    let mut sum = 0;
    for id in 0..requests {
        sum += black_box(request(id).await);
    }
    sum
}

struct Rest(bool);

impl Future for Rest {
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
    let requests = black_box(std::env::args().count() as u8 + 4);
    println!("{}", block_on(server(requests)));
}
