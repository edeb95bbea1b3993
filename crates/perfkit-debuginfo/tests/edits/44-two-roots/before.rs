//! A bitmap in one function and a field of a struct used by another get larger at once.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod alloc_map {
    use super::YieldNow;
    use std::hint::black_box;

    pub async fn find_free(block: usize) -> usize {
        let bitmap = black_box([block as u64; 16]);
        YieldNow(false).await;
        bitmap
            .iter()
            .position(|word| *word != u64::MAX)
            .unwrap_or(block)
    }
}

mod inode {
    use super::YieldNow;
    use std::hint::black_box;

    pub struct Inode {
        pub size: u64,
        pub extents: [u32; 15],
    }

    pub async fn read(number: usize) -> u64 {
        let inode = black_box(Inode {
            size: number as u64,
            extents: [number as u32; 15],
        });
        YieldNow(false).await;
        inode.size + u64::from(inode.extents[number % 15])
    }
}

async fn mount(blocks: usize) -> u64 {
    let mut used = 0;
    for number in 0..blocks {
        used += inode::read(number).await;
        used += alloc_map::find_free(number).await as u64;
    }
    used
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
    let blocks = black_box(std::env::args().count());
    println!("{}", block_on(mount(blocks)));
}
