//! A signal handler that copies while a copy is being recorded loses a stack at most, and says so.

#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    reason = "a signal handler is set, and memcpy called, as C code would"
)]

mod alone;

use std::alloc::System;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
use perfkit_hooks::stacks::stacks;

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

static HANDLED: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn copy(bytes: usize) {
    let source = black_box([1_u8; 1000]);
    let mut target = black_box([0_u8; 1000]);
    // SAFETY: both arrays are longer than what callers ask for.
    unsafe {
        libc::memcpy(
            target.as_mut_ptr().cast(),
            black_box(&source).as_ptr().cast(),
            black_box(bytes),
        );
    }
    black_box(&target);
}

extern "C" fn handler(_signal: i32) {
    copy(500);
    HANDLED.fetch_add(1, Relaxed);
}

#[test]
fn copies_in_a_signal_handler() {
    alone::run("copies_in_a_signal_handler", measure);
}

fn measure() {
    // SAFETY: the handler copies and adds only; the timer is stopped before the test ends.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        libc::sigaction(libc::SIGPROF, &raw const action, std::ptr::null_mut());
    }
    let set_timer = |microseconds| {
        let interval = libc::timeval {
            tv_sec: 0,
            tv_usec: microseconds,
        };
        let timer = libc::itimerval {
            it_interval: interval,
            it_value: interval,
        };
        // SAFETY: the structure lives across the call.
        let result =
            unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, std::ptr::null_mut()) };
        assert_eq!(result, 0);
    };
    prepare(Recording {
        memcpy: true,
        stacks: true,
        stack_threshold: 500,
        ..Recording::default()
    });
    begin();
    set_timer(1000);
    let mut calls = 0;
    while HANDLED.load(Relaxed) < 50 {
        copy(500);
        calls += 1;
    }
    set_timer(0);
    let counted = end();
    finish();
    let calls = calls + HANDLED.load(Relaxed);
    let recorded: u64 = stacks().iter().map(|record| record.calls).sum();
    if cfg!(debug_assertions) {
        // Unoptimised, the arrays are copied, too, and an addition is more than one instruction.
        assert!(recorded > 0);
    } else {
        assert_eq!(
            (counted.memcpy.calls, counted.memcpy.bytes),
            (calls, calls * 500)
        );
        assert_eq!(recorded + counted.dropped, calls);
    }
}
