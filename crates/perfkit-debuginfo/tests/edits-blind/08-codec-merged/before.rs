//! The modules of the reader and of the parser are merged into one, and the parser accepts more headers.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod reader {
    use super::Rest;

    pub struct State {
        pub buffer: [u8; 96],
        pub filled: usize,
    }

    impl State {
        pub fn new() -> Self {
            State {
                buffer: [0; 96],
                filled: 0,
            }
        }
    }

    pub async fn run(mut state: State, byte: u8) -> State {
        while state.filled < state.buffer.len() {
            Rest(false).await;
            state.buffer[state.filled] = byte.wrapping_add(state.filled as u8);
            state.filled += 8;
        }
        state
    }
}

mod parser {
    use super::Rest;

    pub struct State {
        pub headers: [(u16, u16); 12],
        pub count: usize,
        pub body: usize,
    }

    impl State {
        pub fn new() -> Self {
            State {
                headers: [(0, 0); 12],
                count: 0,
                body: 0,
            }
        }
    }

    pub async fn run(mut state: State, bytes: &[u8]) -> State {
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
    let read = reader::run(reader::State::new(), id).await;
    let parsed = parser::run(parser::State::new(), &read.buffer).await;
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
