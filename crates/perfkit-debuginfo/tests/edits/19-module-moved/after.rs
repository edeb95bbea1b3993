//! A module is moved below another one.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod storage {
    pub mod cache {
        use crate::YieldNow;
        use std::hint::black_box;

        pub struct Entry {
            key: u64,
            value: [u8; 56],
        }

        pub struct Cache {
            entries: [Option<Entry>; 4],
        }

        impl Cache {
            pub fn new() -> Self {
                Cache {
                    entries: [const { None }; 4],
                }
            }

            pub async fn insert(&mut self, key: u64) {
                let entry = black_box(Entry {
                    key,
                    value: [key as u8; 56],
                });
                YieldNow(false).await;
                self.entries[key as usize % 4] = Some(entry);
            }

            pub async fn lookup(&self, key: u64) -> Option<u8> {
                YieldNow(false).await;
                let found = self.entries[key as usize % 4].as_ref()?;
                (found.key == key).then(|| found.value[7])
            }
        }

        pub async fn warm(keys: u64) -> Cache {
            let mut cache = Cache::new();
            for key in 0..keys {
                cache.insert(key).await;
            }
            cache
        }
    }
}

async fn query(keys: u64) -> u64 {
    let cache = storage::cache::warm(keys).await;
    let mut hits = 0;
    for key in 0..keys * 2 {
        hits += cache.lookup(key).await.map_or(0, u64::from);
    }
    hits
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
    let keys = black_box(std::env::args().count() as u64);
    println!("{}", block_on(query(keys)));
}
