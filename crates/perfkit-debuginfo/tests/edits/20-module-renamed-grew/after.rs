//! A module is renamed and one of its functions takes larger batches.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod broker {
    use super::Turn;
    use std::hint::black_box;

    pub struct Topic {
        offsets: [u64; 12],
        partition: usize,
    }

    pub fn topic(partition: usize) -> Topic {
        Topic {
            offsets: black_box([3; 12]),
            partition,
        }
    }

    impl Topic {
        pub async fn consume(&mut self) -> u64 {
            let batch = black_box([self.partition as u64; 128]);
            Turn::First.await;
            self.offsets[self.partition % 12] += 1;
            batch.iter().sum()
        }

        pub async fn commit(&mut self) -> u64 {
            let snapshot = self.offsets;
            Turn::First.await;
            snapshot
                .iter()
                .zip(&self.offsets)
                .filter(|(a, b)| a == b)
                .count() as u64
        }
    }

    pub async fn worker(partition: usize) -> u64 {
        let mut topic = topic(partition);
        let read = topic.consume().await;
        read + topic.commit().await
    }
}

async fn run(partitions: usize) -> u64 {
    let mut sum = 0;
    for partition in 0..partitions {
        sum += broker::worker(partition).await;
    }
    sum
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
    let partitions = black_box(std::env::args().count());
    println!("{}", finish(run(partitions)));
}
