//! The body of a loop, with its large segment, becomes a function of its own that the loop awaits.
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Peer {
    address: [u8; 16],
    lag: u64,
}

async fn confirm(peer: &Peer, sent: u64) -> u64 {
    let receipt = black_box([sent; 18]);
    nap().await;
    receipt.iter().sum::<u64>() + u64::from(peer.address[4])
}

async fn replicate_to(peer: &Peer, acknowledged: u64) -> u64 {
    let segment = black_box([peer.lag; 160]);
    let offset = segment.iter().take_while(|&&word| word == 0).count() as u64;
    nap().await;
    let sent = segment[offset as usize % 160];
    let confirmed = confirm(peer, sent).await;
    confirmed + segment[(acknowledged + confirmed) as usize % 160]
}

async fn replicate(peers: &[Peer]) -> u64 {
    let mut acknowledged = 0;
    for peer in peers {
        acknowledged += replicate_to(peer, acknowledged).await;
    }
    acknowledged
}

async fn run(count: u64) -> u64 {
    let peer = |lag| Peer {
        address: [lag as u8; 16],
        lag,
    };
    let peers: Vec<Peer> = (0..count + 1).map(peer).collect();
    replicate(&peers).await
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
    let count = black_box(std::env::args().count() as u64);
    println!("{}", wait(run(count)));
}
