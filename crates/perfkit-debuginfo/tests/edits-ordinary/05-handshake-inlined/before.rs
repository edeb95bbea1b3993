//! The two helper futures of a login, which nothing else uses, are inlined into it.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[derive(Clone, Copy)]
struct Account {
    id: u64,
    salt: [u8; 32],
}

struct Audit {
    entries: Vec<u64>,
}

impl Audit {
    async fn record(&mut self, event: u64) {
        let entry = black_box([event; 12]);
        Turn::default().await;
        self.entries.push(entry.iter().sum());
    }
}

async fn challenge(account: &Account) -> u64 {
    let nonce = black_box([account.id; 20]);
    Turn::default().await;
    nonce[3] ^ u64::from(account.salt[1])
}

async fn verify(account: &Account, answer: u64) -> bool {
    let digest = black_box([answer as u32; 80]);
    Turn::default().await;
    let sum: u64 = digest.iter().map(|&word| u64::from(word)).sum();
    (sum ^ u64::from(digest[9])) % 7 != account.id
}

async fn login(account: Account, audit: &mut Audit) -> bool {
    audit.record(account.id).await;
    let answer = challenge(&account).await;
    verify(&account, answer).await
}

async fn sessions(count: u64) -> u64 {
    let mut audit = Audit { entries: vec![] };
    let mut open = 0;
    for id in 0..count {
        let account = black_box(Account { id, salt: [5; 32] });
        if login(account, &mut audit).await {
            open += 1;
        }
    }
    open + audit.entries.iter().sum::<u64>()
}

#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.taken, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn main() {
    let count = black_box(std::env::args().count() as u64 + 3);
    println!("{}", drive(sessions(count)));
}
