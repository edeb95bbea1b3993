//! A field is added that fits into what was padding.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod metrics {
    #[derive(Clone, Copy)]
    pub struct Series {
        pub buckets: [u64; 10],
        pub resolution: u32,
    }

    impl Series {
        pub fn new(resolution: u32) -> Self {
            Series {
                buckets: [0; 10],
                resolution,
            }
        }

        pub fn record(&mut self, value: u64) {
            let bucket = value / u64::from(self.resolution);
            self.buckets[bucket as usize % 10] += 1;
        }
    }
}

use metrics::Series;

async fn collect(samples: u64) -> Series {
    let mut series = black_box(Series::new(samples as u32 + 1));
    for sample in 0..samples {
        Tick::default().await;
        series.record(sample);
    }
    series
}

async fn export(samples: u64) -> u64 {
    let current = collect(samples).await;
    let previous = collect(samples / 2).await;
    Tick::default().await;
    current.buckets.iter().sum::<u64>() - previous.buckets[0]
}

#[derive(Default)]
struct Tick {
    polled: bool,
}

impl Future for Tick {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn drive<T>(task: impl Future<Output = T>) -> T {
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
    let samples = black_box(std::env::args().count() as u64 + 5);
    println!("{}", drive(export(samples)));
}
