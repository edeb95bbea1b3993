//! An event gets a variant that is smaller than the largest one.
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod events {
    pub enum Event {
        Opened { window: u32 },
        Typed { window: u32, text: [u8; 72] },
        Closed,
    }

    impl Event {
        pub fn decode(code: u32) -> Event {
            match code % 3 {
                0 => Event::Opened { window: code },
                1 => Event::Typed {
                    window: code,
                    text: [code as u8; 72],
                },
                _ => Event::Closed,
            }
        }

        pub fn weight(&self) -> u32 {
            match self {
                Event::Opened { window } => *window,
                Event::Typed { window, text } => window + u32::from(text[9]),
                Event::Closed => 1,
            }
        }
    }
}

use events::Event;

async fn dispatch(event: Event) -> u32 {
    pause().await;
    event.weight()
}

async fn event_loop(codes: u32) -> u32 {
    let mut weight = 0;
    for code in 0..=codes {
        weight += dispatch(black_box(Event::decode(code))).await;
    }
    weight
}

fn pause() -> impl Future<Output = ()> {
    let mut waited = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
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
    let codes = black_box(std::env::args().count() as u32);
    println!("{}", block_on(event_loop(codes)));
}
