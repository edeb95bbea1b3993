//! A long upload handler is split in two: one function receives the parts, another one commits them.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Upload {
    id: u64,
    parts: u32,
    checksum: u64,
}

struct Blobs {
    stored: Vec<u64>,
}

impl Blobs {
    async fn write(&mut self, part: &[u8]) -> usize {
        Tick(2).await;
        self.stored
            .push(part.iter().map(|&byte| u64::from(byte)).sum());
        part.len()
    }

    async fn sync(&mut self) {
        Tick(1).await;
        self.stored.dedup();
    }
}

/// Writes the parts of an upload; returns how many bytes there were and their digest.
async fn receive_parts(blobs: &mut Blobs, request: &Upload) -> (u64, u64) {
    let mut received = 0;
    let mut digest = request.checksum;
    let mut part = black_box([0u8; 1024]);
    for number in 0..request.parts {
        part.fill(number as u8 + 1);
        received += blobs.write(&part).await as u64;
        digest = digest.rotate_left(7) ^ u64::from(part[number as usize % 1024]);
    }
    (received, digest)
}

async fn commit(blobs: &mut Blobs, id: u64, digest: u64) -> u64 {
    let mut manifest = black_box([id; 48]);
    for slot in 0..3 {
        manifest[slot] = digest ^ slot as u64;
        blobs.sync().await;
    }
    manifest.iter().fold(0, |sum, &entry| sum ^ entry)
}

async fn upload(blobs: &mut Blobs, request: Upload) -> u64 {
    let (received, digest) = receive_parts(blobs, &request).await;
    received + commit(blobs, request.id, digest).await
}

async fn handle(blobs: &mut Blobs, uploads: u64) -> u64 {
    let mut total = 0;
    for id in 0..uploads {
        let request = black_box(Upload {
            id,
            parts: 2,
            checksum: id << 3,
        });
        total += upload(blobs, request).await;
        Tick(1).await;
    }
    total
}

struct Tick(u8);

impl Future for Tick {
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
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let uploads = black_box(std::env::args().count() as u64);
    let mut blobs = Blobs { stored: Vec::new() };
    println!("{}", block_on(handle(&mut blobs, uploads)));
    println!("{}", blobs.stored.len());
}
