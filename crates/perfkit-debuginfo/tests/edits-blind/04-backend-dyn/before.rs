//! The enum of storage backends becomes a trait object, and the one on disk is given an index of its segments.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod backend {
    use super::Pause;
    use std::hint::black_box;

    pub struct Memory {
        pub cells: [u64; 40],
    }

    pub struct Disk {
        pub root: [u8; 48],
        pub segment: u64,
    }

    pub enum Backend {
        Memory(Memory),
        Disk(Disk),
    }

    impl Memory {
        async fn load(&self, key: u64) -> u64 {
            Pause(false).await;
            self.cells[key as usize % 40]
        }
    }

    impl Disk {
        async fn load(&self, key: u64) -> u64 {
            let mut block = black_box([key; 24]);
            Pause(false).await;
            block[key as usize % 24] += self.segment;
            block.iter().sum::<u64>() + u64::from(self.root[0])
        }
    }

    impl Backend {
        pub async fn load(&self, key: u64) -> u64 {
            match self {
                Backend::Memory(memory) => memory.load(key).await,
                Backend::Disk(disk) => disk.load(key).await,
            }
        }
    }

    pub fn open(in_memory: bool) -> Backend {
        if in_memory {
            return Backend::Memory(Memory { cells: [3; 40] });
        }
        Backend::Disk(Disk {
            root: [b'/'; 48],
            segment: 1,
        })
    }
}

struct Shard {
    backend: backend::Backend,
    reads: u64,
}

impl Shard {
    async fn read(&mut self, key: u64) -> u64 {
        self.reads += 1;
        self.backend.load(key).await
    }
}

async fn scan(mut shard: Shard, keys: u64) -> u64 {
    let mut sum = 0;
    for key in 0..keys {
        sum += shard.read(key).await;
    }
    sum + shard.reads
}

async fn node(keys: u64) -> u64 {
    let mut sum = 0;
    for in_memory in [true, false] {
        let shard = Shard {
            backend: black_box(backend::open(in_memory)),
            reads: 0,
        };
        sum += scan(shard, keys).await;
    }
    sum
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
    let keys = black_box(std::env::args().count() as u64 + 6);
    println!("{}", block_on(node(keys)));
}
