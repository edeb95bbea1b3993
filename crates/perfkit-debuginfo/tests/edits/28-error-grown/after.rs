//! The parse error carries a longer snippet.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
pub enum Error {
    Io(i32),
    Parse { line: u32, snippet: [u8; 120] },
    Timeout,
}

impl Error {
    fn code(&self) -> u32 {
        match self {
            Error::Io(code) => code.unsigned_abs(),
            Error::Parse { line, snippet } => line + u32::from(snippet[0]),
            Error::Timeout => 9,
        }
    }
}

async fn attempt(source: u32) -> Result<u32, Error> {
    YieldNow(false).await;
    match black_box(source) % 4 {
        0 => Err(Error::Io(5)),
        1 => Err(Error::Parse {
            line: source,
            snippet: [b'x'; 120],
        }),
        2 => Err(Error::Timeout),
        _ => Ok(source),
    }
}

async fn load(source: u32) -> Result<u32, Error> {
    let primary = attempt(source).await;
    let fallback = attempt(source + 1).await;
    match (primary, fallback) {
        (Ok(value), _) | (_, Ok(value)) => Ok(value),
        (Err(error), Err(_)) => Err(error),
    }
}

async fn boot(sources: u32) -> u32 {
    match load(sources).await {
        Ok(value) => value,
        Err(error) => error.code(),
    }
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
    let sources = black_box(std::env::args().count() as u32);
    println!("{}", block_on(boot(sources)));
}
