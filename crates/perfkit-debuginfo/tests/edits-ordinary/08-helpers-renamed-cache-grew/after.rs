//! The module `helpers` becomes `codec` and moves to the end; in passing, the values of the cache get longer.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod cache {
    use super::Ready;

    #[derive(Clone, Copy)]
    pub struct Entry {
        pub key: u64,
        pub expires: u64,
        pub value: [u8; 224],
    }

    pub struct Cache {
        pub entries: Vec<Entry>,
        pub hits: u64,
    }

    impl Cache {
        pub fn find(&mut self, key: u64) -> Option<Entry> {
            let found = self.entries.iter().find(|entry| entry.key == key).copied();
            self.hits += u64::from(found.is_some());
            found
        }

        pub async fn store(&mut self, entry: Entry) {
            while self.entries.len() > 3 {
                Ready(1).await;
                self.entries.remove(0);
            }
            self.entries.push(entry);
        }
    }

    pub fn entry(key: u64, byte: u8) -> Entry {
        Entry {
            key,
            expires: key + 60,
            value: [byte; 224],
        }
    }
}

mod codec {
    use super::Ready;
    use std::hint::black_box;

    pub struct Frame {
        pub kind: u16,
        pub payload: [u8; 140],
    }

    pub async fn decode(raw: u64) -> Frame {
        let table = black_box([raw as u16; 64]);
        Ready(1).await;
        Frame {
            kind: table[raw as usize % 64],
            payload: [raw as u8; 140],
        }
    }

    pub async fn encode(frame: &Frame) -> u64 {
        let mut out = black_box([0u8; 160]);
        out[..140].copy_from_slice(&frame.payload);
        Ready(2).await;
        u64::from(out[3]) + u64::from(frame.kind)
    }
}

use codec::{decode, encode};

async fn lookup(cache: &mut cache::Cache, key: u64) -> u64 {
    if let Some(entry) = cache.find(key) {
        return u64::from(entry.value[1]) + entry.expires;
    }
    let frame = decode(key).await;
    let encoded = encode(&frame).await;
    cache.store(cache::entry(key, encoded as u8)).await;
    encoded
}

async fn server(requests: u64) -> u64 {
    let mut cache = cache::Cache {
        entries: Vec::new(),
        hits: 0,
    };
    let mut sum = 0;
    for request in 0..requests {
        sum += lookup(&mut cache, request % 3).await;
    }
    sum + cache.hits
}

struct Ready(u8);

impl Future for Ready {
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
    let requests = black_box(std::env::args().count() as u64 + 4);
    println!("{}", block_on(server(requests)));
}
