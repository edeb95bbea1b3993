//! A second impl of the trait is added above the one that was there.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

trait Backend {
    async fn load(&self, key: u64) -> u64;
    async fn save(&mut self, key: u64, value: u64);
}

struct Memory {
    pages: [u64; 40],
}

impl Backend for Memory {
    async fn load(&self, key: u64) -> u64 {
        let page = black_box(self.pages);
        Nap::default().await;
        page[key as usize % 40]
    }

    async fn save(&mut self, key: u64, value: u64) {
        let old = black_box(self.pages);
        Nap::default().await;
        self.pages[key as usize % 40] = value ^ old[0];
    }
}

struct Disk {
    sectors: [u64; 8],
}

impl Backend for Disk {
    async fn load(&self, key: u64) -> u64 {
        let sector = black_box([key; 9]);
        Nap::default().await;
        sector[3] + self.sectors[key as usize % 8]
    }

    async fn save(&mut self, key: u64, value: u64) {
        Nap::default().await;
        self.sectors[key as usize % 8] = value;
    }
}

async fn touch<B: Backend>(backend: &mut B, key: u64) -> u64 {
    let value = backend.load(key).await;
    backend.save(key, value + 1).await;
    value
}

#[derive(Default)]
struct Nap {
    polled: bool,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        match task.as_mut().poll(cx) {
            Poll::Ready(value) => break value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let key = black_box(std::env::args().count() as u64);
    let mut disk = Disk { sectors: [key; 8] };
    println!("{}", wait(touch(&mut disk, key)));
    let mut memory = Memory { pages: [key; 40] };
    println!("{}", wait(touch(&mut memory, key)));
}
