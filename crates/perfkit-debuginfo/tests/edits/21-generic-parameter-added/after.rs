//! An async function and a struct that took one type become generic over it.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod render {
    use super::YieldNow;

    pub struct Invoice {
        pub lines: [u32; 20],
        pub number: u32,
    }

    pub trait Document {
        fn total(&self) -> u32;
    }

    impl Document for Invoice {
        fn total(&self) -> u32 {
            self.lines.iter().sum::<u32>() + self.number
        }
    }

    struct Page<D> {
        document: D,
        width: u16,
    }

    pub async fn render<D: Document>(document: D) -> u32 {
        let page = Page {
            document,
            width: 80,
        };
        let mut glyphs = 0;
        for _ in 0..page.width / 40 {
            YieldNow(false).await;
            glyphs += page.document.total();
        }
        glyphs
    }
}

async fn print(number: u32) -> u32 {
    let invoice = black_box(render::Invoice {
        lines: [number; 20],
        number,
    });
    render::render(invoice).await
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
    let number = black_box(std::env::args().count() as u32);
    println!("{}", block_on(print(number)));
}
