use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn write(file: i32, from: *const u8, size: usize) -> isize;
    fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
}

#[repr(C)]
struct Unwind([u8; 0]);

unsafe extern "C" {
    fn _Unwind_Backtrace(each: extern "C" fn(*mut Unwind, *mut Vec<usize>) -> u32, to: *mut Vec<usize>) -> u32;
    fn _Unwind_GetIP(context: *mut Unwind) -> usize;
}

extern "C" fn each_frame(context: *mut Unwind, to: *mut Vec<usize>) -> u32 {
    // SAFETY: both pointers come from `record`'s call and live as long as it.
    unsafe { (*to).push(_Unwind_GetIP(context)) };
    0
}

/// Prints the caller's stack, without `record` itself.
#[inline(never)]
fn record(name: &str) {
    let mut addresses = Vec::new();
    // SAFETY: the callback only pushes to the vector, which outlives the call.
    unsafe { _Unwind_Backtrace(each_frame, &mut addresses) };
    let text: Vec<String> = addresses[1..].iter().map(|address| format!("{address:x}")).collect();
    println!("stack {name} {}", text.join(" "));
}

mod store {
    pub struct Memory;
    pub trait Backend {
        fn load(&self);
    }
    impl Backend for Memory {
        #[inline(never)]
        fn load(&self) {
            super::record("trait");
            std::hint::black_box(());
        }
    }
    pub async fn inner(value: u64) -> u64 {
        super::yield_once().await;
        super::record("async"); // record async
        value + 1
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn outer() -> u64 {
    let boxed: std::pin::Pin<Box<dyn Future<Output = u64>>> = Box::pin(store::inner(black_box(3)));
    boxed.await // await inner
}

#[inline(never)]
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

#[inline(never)]
fn each(values: &[u64]) {
    values.iter().take(1).for_each(|value| {
        black_box(value);
        record("closure"); // record closure
        black_box(value);
    });
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == 0 {
        record("recursion");
        return black_box(1);
    }
    black_box(recurse(black_box(depth - 1))) + 1
}

#[derive(Clone)]
pub enum BigError {
    Corrupt([u8; 50_000]),
    Missing,
}

#[inline(never)]
fn make(value: u64) -> Result<u64, BigError> {
    if black_box(value) % 2 == 0 { Err(BigError::Corrupt(black_box([1; 50_000]))) } else { Ok(value) }
}

#[inline(never)]
fn keep(list: &mut Vec<Result<u64, BigError>>, value: u64) {
    let result = make(value);
    list.push(result); // move here
}

fn main() {
    for line in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [range, _, offset, _, _, path] = words[..] {
            println!("map {range} {offset} {path}");
        }
    }
    println!("stack malloc {:x}", malloc as usize);
    println!("stack write {:x}", write as usize);
    println!("stack memcpy {:x}", memcpy as usize);
    block_on(outer());
    each(&[1, 2]);
    black_box(&store::Memory as &dyn store::Backend).load();
    recurse(3);
    let mut list = Vec::new();
    keep(&mut list, 4);
    if let Some(Err(BigError::Corrupt(bytes))) = list.first() {
        black_box(bytes.len());
    }
    black_box(matches!(list.first(), Some(Err(BigError::Missing))));
}
