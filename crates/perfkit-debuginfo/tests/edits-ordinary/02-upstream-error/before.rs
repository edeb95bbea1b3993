//! The error of a gateway gets a variant that carries what the upstream answered.
use std::fmt;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
pub enum GatewayError {
    Timeout { after_ms: u64 },
    BadRequest { field: [u8; 56] },
    Unauthorized,
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GatewayError::Timeout { after_ms } => write!(f, "timeout after {after_ms} ms"),
            GatewayError::BadRequest { field } => write!(f, "bad field {:?}", &field[..2]),
            GatewayError::Unauthorized => write!(f, "unauthorized"),
        }
    }
}

impl std::error::Error for GatewayError {}

struct Failure {
    route: u64,
    error: GatewayError,
}

async fn forward(route: u64, attempt: u64) -> Result<u64, GatewayError> {
    Sleep(1).await;
    match black_box(route + attempt) % 4 {
        0 => Err(GatewayError::Timeout { after_ms: route }),
        1 => Err(GatewayError::BadRequest {
            field: [route as u8; 56],
        }),
        2 => Err(GatewayError::Unauthorized),
        _ => Ok(route),
    }
}

async fn with_retry(route: u64) -> Result<u64, Failure> {
    let mut last = GatewayError::Unauthorized;
    for attempt in 0..2 {
        match forward(route, attempt).await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
        Sleep(attempt as u8 + 1).await;
    }
    Err(Failure { route, error: last })
}

async fn report(failure: &Failure) -> u64 {
    let line = black_box(failure.error.to_string());
    Sleep(1).await;
    failure.route + line.len() as u64
}

async fn gateway(routes: u64) -> u64 {
    let mut served = 0;
    for route in 0..routes {
        served += match with_retry(route).await {
            Ok(answer) => answer,
            Err(failure) => report(&failure).await,
        };
    }
    served
}

struct Sleep(u8);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(()),
            Some(left) => {
                self.0 = left;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn main() {
    let routes = black_box(std::env::args().count() as u64);
    println!("{}", run(gateway(routes + 5)));
}
