//! A program of a few kilobytes whose debug info has some of everything: futures that hold things, enums with and
//! without a niche, closures, generics, inlined functions. Without the standard library, because a seed should be
//! small, and never run.
#![no_std]
#![no_main]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

pub enum Reply {
    Small(u8),
    Large { bytes: [u64; 80], length: usize },
    Nothing,
}

pub union Word {
    number: u64,
    bytes: [u8; 8],
}

pub struct Link<'a, T> {
    value: T,
    next: Option<&'a Link<'a, T>>,
}

pub trait Load {
    fn load(&self) -> impl Future<Output = Reply>;
}

impl<T: Copy + Into<u64>> Load for Link<'_, T> {
    async fn load(&self) -> Reply {
        let before = [self.value.into(); 80];
        step(before[0]).await;
        let second = async move {
            step(before[1]).await;
            before[2]
        };
        match self.next {
            Some(next) => Reply::Large {
                bytes: before,
                length: (second.await + next.value.into()) as usize,
            },
            None => Reply::Nothing,
        }
    }
}

struct Step(bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: core::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if core::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

async fn step(number: u64) {
    let twice = |by: u64| number.wrapping_mul(by);
    Step(core::hint::black_box(twice(2)) == 0).await;
}

#[unsafe(no_mangle)]
pub extern "C" fn start() -> u64 {
    let last = Link { value: 7_u32, next: None };
    let mut load = pin!(last.load());
    let mut context = Context::from_waker(Waker::noop());
    let word = Word { number: 3 };
    loop {
        match load.as_mut().poll(&mut context) {
            Poll::Ready(Reply::Small(byte)) => return u64::from(byte),
            Poll::Ready(Reply::Large { bytes, length }) => {
                return core::hint::black_box(bytes)[0] + length as u64;
            }
            // SAFETY: all bytes of a number are bytes.
            Poll::Ready(Reply::Nothing) => return u64::from(unsafe { word.bytes }[0]),
            Poll::Pending => {}
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
