//! A struct that a generic holder and a future hold is renamed.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod billing {
    pub struct Wallet {
        pub owner: [u8; 48],
        pub balance: i64,
        pub limit: i64,
    }

    impl Wallet {
        pub fn debit(&mut self, amount: i64) -> bool {
            let allowed = self.balance + self.limit >= amount;
            if allowed {
                self.balance -= amount;
            }
            allowed
        }
    }

    pub struct Versioned<T> {
        pub value: T,
        pub version: u64,
    }
}

use billing::{Versioned, Wallet};

async fn charge(mut account: Versioned<Wallet>, amount: i64) -> Versioned<Wallet> {
    Turn::First.await;
    if account.value.debit(amount) {
        account.version += 1;
    }
    account
}

async fn settle(charges: i64) -> i64 {
    let value = Wallet {
        owner: [b'o'; 48],
        balance: charges,
        limit: 10,
    };
    let mut account = black_box(Versioned { value, version: 0 });
    for amount in 0..charges {
        account = charge(account, amount).await;
    }
    Turn::First.await;
    account.value.balance + account.version as i64 + i64::from(account.value.owner[1])
}

enum Turn {
    First,
    Again,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if matches!(*self, Turn::Again) {
            return Poll::Ready(());
        }
        *self = Turn::Again;
        Poll::Pending
    }
}

fn finish<T>(task: impl Future<Output = T>) -> T {
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
    let charges = black_box(std::env::args().count() as i64);
    println!("{}", finish(settle(charges)));
}
