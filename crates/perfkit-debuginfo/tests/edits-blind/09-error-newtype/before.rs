//! The error enum of a client is hidden behind a newtype of the same name.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod client {
    use super::Wait;
    use std::hint::black_box;

    pub enum Error {
        Timeout { after: u32 },
        Status(u16),
        Body([u8; 88]),
    }

    impl Error {
        pub fn is_retryable(&self) -> bool {
            matches!(self, Error::Timeout { .. } | Error::Status(503))
        }

        pub fn code(&self) -> u64 {
            match self {
                Error::Timeout { after } => u64::from(*after),
                Error::Status(status) => u64::from(*status),
                Error::Body(body) => u64::from(body[0]),
            }
        }
    }

    pub struct Response {
        pub status: u16,
        pub body: [u8; 120],
    }

    pub async fn send(url: u64, attempt: u32) -> Result<Response, Error> {
        let request = black_box([url as u8; 72]);
        Wait(false).await;
        match (url + u64::from(attempt)) % 4 {
            0 => Err(Error::Timeout { after: attempt }),
            1 => Err(Error::Status(503)),
            2 => Err(Error::Body([request[9]; 88])),
            _ => Ok(Response {
                status: 200,
                body: [request[0]; 120],
            }),
        }
    }
}

struct Attempt {
    number: u32,
    error: client::Error,
}

async fn log(attempt: &Attempt) -> u64 {
    Wait(false).await;
    attempt.error.code() + u64::from(attempt.number)
}

async fn fetch(url: u64) -> u64 {
    let mut logged = 0;
    for number in 0..3 {
        match client::send(url, number).await {
            Ok(response) => return logged + u64::from(response.body[0]),
            Err(error) => {
                let attempt = Attempt { number, error };
                logged += log(&attempt).await;
                if !attempt.error.is_retryable() {
                    break;
                }
            }
        }
    }
    logged
}

async fn crawl(urls: u64) -> u64 {
    let mut sum = 0;
    for url in 0..urls {
        sum += black_box(fetch(url).await);
    }
    sum
}

struct Wait(bool);

impl Future for Wait {
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
    let urls = black_box(std::env::args().count() as u64 + 7);
    println!("{}", block_on(crawl(urls)));
}
