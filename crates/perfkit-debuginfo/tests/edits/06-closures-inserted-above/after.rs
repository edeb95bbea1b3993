//! Two closures are inserted above one that stays as it was.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type Rule = Box<dyn Fn(u64) -> bool>;

#[derive(Default)]
struct Rules {
    list: Vec<Rule>,
}

impl Rules {
    fn add<R: Fn(u64) -> bool + 'static>(&mut self, rule: R) {
        self.list.push(Box::new(rule));
    }

    fn allow(&self, request: u64) -> bool {
        self.list.iter().all(|rule| rule(request))
    }
}

fn configure(seed: u64) -> Rules {
    let mut rules = Rules::default();
    let tenants = black_box([seed as u32; 40]);
    rules.add(move |request| tenants[request as usize % 40] != 3);
    let windows = black_box([(seed, seed + 2); 6]);
    rules.add(move |request| {
        windows
            .iter()
            .any(|&(from, to)| request >= from && request < to)
    });
    let blocked = black_box([seed; 10]);
    rules.add(move |request| !blocked.contains(&request));
    rules
}

async fn filter(rules: &Rules, requests: u64) -> u64 {
    let mut passed = 0;
    for request in 0..requests {
        Turn::First.await;
        passed += u64::from(rules.allow(request));
    }
    passed
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
    let seed = black_box(std::env::args().count() as u64);
    let rules = configure(seed);
    println!("{}", block_on(filter(&rules, seed + 4)));
}
