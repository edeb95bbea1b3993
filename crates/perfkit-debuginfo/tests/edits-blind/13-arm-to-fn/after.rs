//! The longest arm of a match over commands moves into an async fn of its own.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Store {
    cells: [u64; 64],
    writes: u64,
}

impl Store {
    async fn lock(&mut self, key: u64) -> &mut u64 {
        Pause(false).await;
        &mut self.cells[key as usize % 64]
    }

    async fn put(&mut self, key: u64, value: [u64; 16]) -> u64 {
        let mut page = black_box(self.cells);
        page[..16].copy_from_slice(&value);
        Pause(false).await;
        self.writes += 1;
        self.cells[key as usize % 64] = page[3];
        value[15]
    }
}

enum Command {
    Get { key: u64 },
    Put { key: u64, value: [u64; 16] },
    Scan { from: u64, to: u64 },
}

async fn execute(store: &mut Store, command: Command) -> u64 {
    match command {
        Command::Get { key } => *store.lock(key).await,
        Command::Put { key, value } => store.put(key, value).await,
        Command::Scan { from, to } => scan(store, from, to).await,
    }
}

async fn scan(store: &mut Store, from: u64, to: u64) -> u64 {
    let mut found = black_box([0u64; 32]);
    let mut count = 0;
    for key in from..to {
        found[count % 32] = *store.lock(key).await;
        count += 1;
    }
    let mut sum = 0;
    for chunk in found.chunks(8) {
        Pause(false).await;
        sum += chunk.iter().sum::<u64>();
    }
    sum + count as u64
}

async fn session(commands: u64) -> u64 {
    let mut store = Store {
        cells: [1; 64],
        writes: 0,
    };
    let mut sum = 0;
    for key in 0..commands {
        let command = match key % 3 {
            0 => Command::Put {
                key,
                value: [key; 16],
            },
            1 => Command::Get { key },
            _ => Command::Scan {
                from: key,
                to: key + 9,
            },
        };
        sum += execute(&mut store, black_box(command)).await;
    }
    sum + store.writes
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
    let commands = black_box(std::env::args().count() as u64 + 9);
    println!("{}", block_on(session(commands)));
}
