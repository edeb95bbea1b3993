//! Two async blocks are spawned above the one that was there, which stays as it was.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod tasks {
    use super::*;

    #[derive(Default)]
    pub struct Tasks {
        running: Vec<Pin<Box<dyn Future<Output = u64>>>>,
    }

    impl Tasks {
        pub fn spawn<F: Future<Output = u64> + 'static>(&mut self, task: F) {
            self.running.push(Box::pin(task));
        }

        pub async fn finish(self) -> u64 {
            let mut total = 0;
            for task in self.running {
                total += task.await;
            }
            total
        }
    }
}

fn start(tasks: &mut tasks::Tasks, seed: usize) {
    tasks.spawn(async move {
        let events = black_box([seed as u16; 60]);
        YieldNow(false).await;
        u64::from(events[seed % 60])
    });
}

async fn serve(seed: usize) -> u64 {
    let mut tasks = tasks::Tasks::default();
    start(&mut tasks, seed);
    YieldNow(false).await;
    tasks.finish().await
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
    let seed = black_box(std::env::args().count());
    println!("{}", block_on(serve(seed)));
}
