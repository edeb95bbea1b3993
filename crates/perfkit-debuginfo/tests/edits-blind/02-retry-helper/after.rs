//! Two loops that retry a request are replaced by one helper that takes an async closure.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod catalog {
    use super::Sleep;

    pub struct Busy {
        pub retry_after: u32,
    }

    pub struct Page {
        pub rows: [u32; 24],
        pub next: u32,
    }

    pub struct Client {
        pub requests: std::cell::Cell<u32>,
    }

    impl Client {
        pub async fn page(&self, number: u32, attempt: u32) -> Result<Page, Busy> {
            self.requests.set(self.requests.get() + 1);
            Sleep(2).await;
            if attempt < number % 3 {
                return Err(Busy {
                    retry_after: attempt + 1,
                });
            }
            Ok(Page {
                rows: [number; 24],
                next: number + 1,
            })
        }

        pub async fn stock(&self, item: u32, attempt: u32) -> Result<u32, Busy> {
            self.requests.set(self.requests.get() + 1);
            Sleep(1).await;
            if attempt < item % 2 {
                return Err(Busy { retry_after: 1 });
            }
            Ok(item * 10)
        }
    }
}

const ATTEMPTS: usize = 12;

/// Asks until there is an answer, and says how long was waited for it.
async fn retry<T>(request: impl AsyncFn(u32) -> Result<T, catalog::Busy>) -> Option<(T, u32)> {
    let mut delays = black_box([0u32; ATTEMPTS]);
    for attempt in 0..ATTEMPTS {
        match request(attempt as u32).await {
            Ok(answer) => return Some((answer, delays.iter().sum())),
            Err(busy) => {
                delays[attempt] = busy.retry_after;
                Sleep(busy.retry_after).await;
            }
        }
    }
    None
}

async fn sync(client: &catalog::Client, pages: u32) -> u64 {
    let mut sum = 0;
    let mut number = 0;
    while number < pages {
        let request = async |attempt| client.page(number, attempt).await;
        let Some((page, page_wait)) = retry(request).await else {
            return sum;
        };
        let request = async |attempt| client.stock(page.rows[0], attempt).await;
        let (stock, stock_wait) = retry(request).await.unwrap_or_default();
        sum += u64::from(stock + page_wait + stock_wait);
        number = page.next;
    }
    sum
}

async fn mirror(pages: u32) -> u64 {
    let client = catalog::Client {
        requests: Default::default(),
    };
    let sum = sync(&client, pages).await;
    sum + u64::from(client.requests.get())
}

struct Sleep(u32);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
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
    let pages = black_box(std::env::args().count() as u32 + 5);
    println!("{}", block_on(mirror(pages)));
}
