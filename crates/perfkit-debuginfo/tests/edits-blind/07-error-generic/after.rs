//! Reading a row becomes generic over the error, and the error of the service keeps more of an upstream answer.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod error {
    pub struct Missing {
        pub table: u32,
        pub key: u64,
    }

    pub enum ServiceError {
        Missing(Missing),
        Upstream([u8; 256]),
        Busy { retry_after: u32 },
    }

    impl From<Missing> for ServiceError {
        fn from(missing: Missing) -> Self {
            ServiceError::Missing(missing)
        }
    }

    impl ServiceError {
        pub fn weight(&self) -> u64 {
            match self {
                ServiceError::Missing(missing) => missing.key + u64::from(missing.table),
                ServiceError::Upstream(answer) => u64::from(answer[0]),
                ServiceError::Busy { retry_after } => u64::from(*retry_after),
            }
        }
    }
}

mod rows {
    use super::Nap;
    use super::error::Missing;
    use std::hint::black_box;

    pub struct Row {
        pub columns: [u64; 14],
    }

    pub async fn read<E: From<Missing>>(table: u32, key: u64) -> Result<Row, E> {
        let page = black_box([key; 28]);
        Nap(false).await;
        if page[3] % 4 == 1 {
            return Err(E::from(Missing { table, key }));
        }
        let mut columns = [0; 14];
        columns.copy_from_slice(&page[14..]);
        Ok(Row { columns })
    }
}

use error::ServiceError;

struct Failure {
    request: u64,
    error: ServiceError,
}

async fn forward(row: rows::Row) -> Result<u64, ServiceError> {
    Nap(false).await;
    match row.columns[0] % 4 {
        2 => Err(ServiceError::Upstream([7; 256])),
        3 => Err(ServiceError::Busy { retry_after: 5 }),
        _ => Ok(row.columns[1]),
    }
}

async fn report(failure: Failure) -> u64 {
    Nap(false).await;
    failure.request + failure.error.weight()
}

async fn handle(request: u64) -> u64 {
    let row = match rows::read(1, request).await {
        Ok(row) => row,
        Err(error) => return report(Failure { request, error }).await,
    };
    match forward(row).await {
        Ok(answer) => answer,
        Err(error) => report(Failure { request, error }).await,
    }
}

async fn service(requests: u64) -> u64 {
    let mut sum = 0;
    for request in 0..requests {
        sum += black_box(handle(request).await);
    }
    sum
}

struct Nap(bool);

impl Future for Nap {
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
    let requests = black_box(std::env::args().count() as u64 + 7);
    println!("{}", block_on(service(requests)));
}
