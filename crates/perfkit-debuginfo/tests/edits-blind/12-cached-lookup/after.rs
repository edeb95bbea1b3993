//! A resolver of names keeps the answers of its upstream in a cache.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod resolver {
    use super::Turn;
    use std::hint::black_box;

    #[derive(Clone, Copy, Default)]
    struct Entry {
        name: u64,
        address: u64,
    }

    pub struct Cache {
        entries: [Option<Entry>; 56],
        hits: u64,
    }

    impl Cache {
        fn get(&mut self, name: u64) -> Option<u64> {
            let entry = self.entries[name as usize % 56]?;
            self.hits += u64::from(entry.name == name);
            (entry.name == name).then_some(entry.address)
        }

        fn put(&mut self, name: u64, address: u64) {
            self.entries[name as usize % 56] = Some(Entry { name, address });
        }
    }

    pub struct Resolver {
        servers: [u64; 6],
        cache: Cache,
        last: (u64, u64),
        asked: usize,
    }

    impl Resolver {
        pub fn new(server: u64) -> Self {
            Resolver {
                servers: [server; 6],
                cache: Cache {
                    entries: [None; 56],
                    hits: 0,
                },
                last: (0, 0),
                asked: 0,
            }
        }

        async fn ask(&mut self, name: u64) -> u64 {
            let mut datagram = black_box([name; 24]);
            self.asked += 1;
            Turn(2).await;
            datagram[0] ^= self.servers[self.asked % 6];
            datagram.iter().sum()
        }

        pub async fn resolve(&mut self, name: u64) -> u64 {
            if let Some(address) = self.cache.get(name) {
                return address;
            }
            let address = self.ask(name).await;
            self.cache.put(name, address);
            self.last = (name, address);
            address
        }

        pub fn asked(&self) -> u64 {
            self.asked as u64 + self.last.0 + self.cache.hits
        }
    }
}

struct Proxy {
    resolver: resolver::Resolver,
    bytes: u64,
}

async fn connect(proxy: &mut Proxy, name: u64) -> u64 {
    let address = proxy.resolver.resolve(name).await;
    let hello = black_box([address; 16]);
    Turn(1).await;
    proxy.bytes += hello[3] % 10;
    proxy.bytes
}

async fn proxy(connections: u64) -> u64 {
    let mut proxy = black_box(Proxy {
        resolver: resolver::Resolver::new(connections),
        bytes: 0,
    });
    let mut sum = 0;
    for connection in 0..connections {
        sum += connect(&mut proxy, connection % 5).await;
    }
    sum + proxy.resolver.asked()
}

struct Turn(u8);

impl Future for Turn {
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
    let connections = black_box(std::env::args().count() as u64 + 11);
    println!("{}", block_on(proxy(connections)));
}
