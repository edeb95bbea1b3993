//! An async function is renamed and keeps a whole page instead of its first line.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod crawler {
    use super::Pause;
    use std::hint::black_box;

    pub struct Budget {
        pub pages: u32,
        pub spent: u32,
    }

    async fn robots(host: u32) -> bool {
        let rules = black_box([host; 10]);
        Pause(false).await;
        rules[host as usize % 10] != 7
    }

    async fn fetch_page(host: u32, budget: &mut Budget) -> u32 {
        let page = black_box([host as u8; 1500]);
        Pause(false).await;
        budget.spent += 1;
        page.iter().filter(|&&byte| byte == b'a').count() as u32
    }

    pub async fn crawl(pages: u32) -> u32 {
        let mut budget = Budget { pages, spent: 0 };
        let mut links = 0;
        while budget.spent < budget.pages {
            if robots(budget.spent).await {
                links += fetch_page(budget.spent, &mut budget).await;
            } else {
                budget.spent += 1;
            }
        }
        links
    }
}

struct Pause(bool);

impl Future for Pause {
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
    let pages = black_box(std::env::args().count() as u32);
    println!("{}", block_on(crawler::crawl(pages)));
}
