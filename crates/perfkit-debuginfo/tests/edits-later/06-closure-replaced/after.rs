//! In one function a closure and an async block are dropped and unrelated, larger ones added at the end.
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Rule = Box<dyn Fn(usize) -> u64>;

fn rules(seed: u64) -> Vec<Rule> {
    let routes = black_box([seed; 20]);
    let weights = black_box([seed; 30]);
    let quotas = black_box([seed; 44]);
    let burst = black_box(seed + 8);
    vec![
        Box::new(move |index| routes[index % 20] + 1),
        Box::new(move |index| weights[index % 30] * 2),
        Box::new(move |index| quotas[index % 44].min(burst)),
    ]
}

fn tasks(seed: u64) -> Vec<Task> {
    vec![
        Box::pin(async move {
            let gauges = black_box([seed; 26]);
            Turn::default().await;
            gauges.iter().max().copied().unwrap_or(seed)
        }),
        Box::pin(async move {
            let mut digest = black_box([seed as u8; 300]);
            for round in 0..3 {
                Turn::default().await;
                digest.rotate_left(round);
            }
            u64::from(digest[seed as usize % 300])
        }),
    ]
}

type Task = Pin<Box<dyn Future<Output = u64>>>;

fn finish(mut tasks: Vec<Task>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut total = 0;
    while let Some(mut task) = tasks.pop() {
        match task.as_mut().poll(&mut cx) {
            Poll::Ready(value) => total += value,
            Poll::Pending => tasks.insert(0, task),
        }
    }
    total
}

#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let taken = self.taken;
        self.taken = true;
        if taken {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

fn main() {
    let seed = black_box(std::env::args().count() as u64);
    let checked: u64 = rules(seed).iter().map(|rule| rule(seed as usize)).sum();
    println!("{} {}", checked, finish(tasks(seed)));
}
