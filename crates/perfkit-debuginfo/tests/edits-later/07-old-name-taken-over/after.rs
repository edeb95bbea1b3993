//! The old `load` and its caller are deleted, `load_v2` takes its name, and its error becomes a larger one that was there before.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod config {
    use super::Turn;
    use std::hint::black_box;

    pub enum ApiError {
        Timeout(u64),
        Rejected { code: u32, reason: [u8; 132] },
    }

    pub fn check(key: u64) -> Result<u64, ApiError> {
        match key % 5 {
            1 => Err(ApiError::Timeout(key)),
            2 => Err(ApiError::Rejected {
                code: 2,
                reason: [key as u8; 132],
            }),
            _ => Ok(key),
        }
    }

    fn parse(key: u64) -> Result<u64, ApiError> {
        match key % 7 {
            3 => Err(ApiError::Rejected {
                code: 3,
                reason: [key as u8; 132],
            }),
            4 => Err(ApiError::Timeout(0)),
            _ => Ok(key),
        }
    }

    pub async fn load(key: u64) -> u64 {
        let template = black_box([key; 34]);
        let parsed = black_box(parse(key));
        Turn::default().await;
        match &parsed {
            Ok(value) => value + template.iter().sum::<u64>(),
            Err(ApiError::Rejected { code, reason }) => u64::from(reason[*code as usize % 132]),
            Err(ApiError::Timeout(after)) => *after,
        }
    }
}

async fn boot(key: u64) -> u64 {
    match config::check(key) {
        Err(config::ApiError::Rejected { code, reason }) => {
            return u64::from(code ^ u32::from(reason[3]));
        }
        Err(config::ApiError::Timeout(after)) if after > 100 => return after,
        _ => {}
    }
    config::load(key).await + config::load(key + 1).await
}

async fn run(key: u64) -> u64 {
    boot(key).await
}

#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let taken = self.taken;
        self.taken = true;
        if taken {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let key = black_box(std::env::args().count() as u64 + 2);
    println!("{}", drive(run(key)));
}
