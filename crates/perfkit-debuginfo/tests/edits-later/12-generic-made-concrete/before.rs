//! A pool that was generic over its connection takes the only one there is, and keeps idle ones in an array instead of a vector.
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

mod pool {
    use super::nap;
    use std::hint::black_box;

    pub struct Conn {
        pub id: u64,
        pub salt: [u8; 24],
    }

    pub struct Pool<C> {
        idle: Vec<C>,
        waits: [u64; 6],
        limit: usize,
    }

    impl<C> Pool<C> {
        pub fn new(limit: usize) -> Self {
            Pool {
                idle: Vec::with_capacity(limit),
                waits: [0; 6],
                limit,
            }
        }

        pub async fn check_in(&mut self, conn: C) -> u64 {
            let recent = black_box(self.waits);
            nap().await;
            if self.idle.len() < self.limit {
                self.idle.push(conn);
            }
            self.waits[1] += recent[0] + 1;
            recent.iter().sum()
        }
    }
}

use pool::{Conn, Pool};

async fn work(jobs: u64) -> u64 {
    let mut pool: Pool<Conn> = black_box(Pool::new(4));
    let mut total = 0;
    for id in 0..jobs {
        let conn = black_box(Conn {
            id,
            salt: [id as u8; 24],
        });
        nap().await;
        total += conn.id + u64::from(conn.salt[3]);
        total += pool.check_in(conn).await;
    }
    total
}

async fn nap() {
    let mut rested = false;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut rested, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    let mut task = Box::pin(task);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = task.as_mut().poll(&mut cx) {
            return value;
        }
        thread::park();
    }
}

fn main() {
    let jobs = black_box(std::env::args().count() as u64);
    println!("{}", wait(work(jobs)));
}
