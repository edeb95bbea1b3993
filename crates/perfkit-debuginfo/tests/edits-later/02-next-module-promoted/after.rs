//! The module `current` becomes `legacy` and the module `next` becomes `current`.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod current {
    use super::nap;
    use std::hint::black_box;

    pub struct Record {
        pub key: u64,
        pub epoch: u64,
        pub columns: [u64; 140],
    }

    pub async fn encode(record: &Record) -> u64 {
        let dictionary = black_box([record.epoch; 160]);
        nap().await;
        let packed = black_box([record.key; 12]);
        nap().await;
        dictionary.iter().sum::<u64>() + packed.iter().sum::<u64>() + record.columns[5]
    }
}

mod legacy {
    use super::nap;
    use std::hint::black_box;

    pub struct Record {
        pub key: u64,
        pub value: [u8; 80],
    }

    pub async fn encode(record: &Record) -> u64 {
        let escaped = black_box(record.value);
        nap().await;
        escaped.iter().map(|&byte| u64::from(byte)).sum::<u64>() + record.key
    }
}

struct Migration {
    from: legacy::Record,
    to: current::Record,
}

async fn migrate(key: u64) -> u64 {
    let migration = black_box(Migration {
        from: legacy::Record {
            key,
            value: [key as u8; 80],
        },
        to: current::Record {
            key,
            epoch: 2,
            columns: [key; 140],
        },
    });
    let read = legacy::encode(&migration.from).await;
    let written = current::encode(&migration.to).await;
    written - read
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

fn drive<F: Future>(future: F) -> F::Output {
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
    let key = black_box(std::env::args().count() as u64);
    println!("{}", drive(migrate(key)));
}
