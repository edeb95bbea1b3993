//! A type that nothing uses at run time gets larger, and so does the function that would hold it.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod audit {
    use super::YieldNow;
    use std::hint::black_box;

    #[allow(dead_code)]
    pub struct LegacyRecord {
        pub actor: u64,
        pub detail: [u8; 2048],
    }

    #[allow(dead_code)]
    pub async fn import<A: Into<u64>>(actor: A) -> u64 {
        let actor = actor.into();
        let record = black_box(LegacyRecord {
            actor,
            detail: [actor as u8; 2048],
        });
        YieldNow(false).await;
        record.actor + u64::from(record.detail[3])
    }

    pub struct Record {
        pub actor: u64,
        pub action: [u8; 64],
    }

    pub async fn append(actor: u64) -> u64 {
        let record = black_box(Record {
            actor,
            action: [actor as u8; 64],
        });
        YieldNow(false).await;
        record.actor + u64::from(record.action[5])
    }
}

async fn run(actors: u64) -> u64 {
    let mut position = 0;
    for actor in 0..actors {
        position += audit::append(actor).await;
    }
    position
}

struct YieldNow(bool);

impl Future for YieldNow {
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
    let actors = black_box(std::env::args().count() as u64);
    println!("{}", block_on(run(actors)));
}
