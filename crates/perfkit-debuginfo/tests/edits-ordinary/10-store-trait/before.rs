//! Of two implementations of a trait with async methods, the one on disk journals a record before it writes.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

trait Store {
    async fn get(&self, key: u64) -> Option<u64>;
    async fn put(&mut self, key: u64, value: u64) -> u64;
}

mod memory {
    use super::{Pause, Store};

    #[derive(Default)]
    pub struct Memory {
        pub cells: Vec<(u64, u64)>,
    }

    impl Store for Memory {
        async fn get(&self, key: u64) -> Option<u64> {
            Pause(false).await;
            self.cells
                .iter()
                .find(|cell| cell.0 == key)
                .map(|cell| cell.1)
        }

        async fn put(&mut self, key: u64, value: u64) -> u64 {
            Pause(false).await;
            self.cells.push((key, value));
            value
        }
    }
}

mod disk {
    use super::{Pause, Store};
    use std::hint::black_box;

    #[derive(Default)]
    pub struct Disk {
        pub blocks: Vec<[u64; 8]>,
        pub fsyncs: u64,
    }

    impl Store for Disk {
        async fn get(&self, key: u64) -> Option<u64> {
            let index = black_box([key; 10]);
            Pause(false).await;
            let block = self.blocks.get(index[2] as usize)?;
            Some(block[key as usize % 8])
        }

        async fn put(&mut self, key: u64, value: u64) -> u64 {
            let block = black_box([value; 8]);
            Pause(false).await;
            self.fsyncs += 1;
            self.blocks.push(block);
            self.fsyncs + key
        }
    }
}

async fn copy<F: Store, T: Store>(from: &F, to: &mut T, keys: u64) -> u64 {
    let mut copied = 0;
    for key in 0..keys {
        if let Some(value) = from.get(key).await {
            copied += to.put(key, value).await;
        }
    }
    copied
}

async fn fill<S: Store>(store: &mut S, keys: u64) -> u64 {
    let mut sum = 0;
    for key in 0..keys {
        sum += store.put(key, key * 3).await;
    }
    sum
}

async fn migrate(keys: u64) -> u64 {
    let mut memory = memory::Memory::default();
    let mut disk = disk::Disk::default();
    let filled = fill(&mut memory, keys).await;
    let copied = copy(&memory, &mut disk, keys).await;
    let back = copy(&disk, &mut memory, keys).await;
    filled + copied + back
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
    let keys = black_box(std::env::args().count() as u64 + 2);
    println!("{}", block_on(migrate(keys)));
}
