//! Counts what the I/O functions return.

use crate::counters::{BUCKETS, Operation};
use crate::thread::{self, add};
use crate::walker;

/// What the I/O interposers do.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Level {
    /// Jump to the real function.
    Off = 0,
    /// Count calls, bytes and sizes.
    Count = 1,
    /// And attribute them to their stack.
    Stacks = 2,
}

/// Sets what happens from the next call on.
pub(crate) fn set_level(level: Level) {
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))]
    crate::interpose_io::set_level(level);
    #[cfg(not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    )))]
    let _ = level;
}

/// Notes one call that has returned `value`, negative for an error.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the stubs that call it exist on Linux only")
)]
pub(crate) fn returned(
    operation: Operation,
    value: i64,
    stacks: bool,
    frame_pointer: usize,
    return_address: usize,
) {
    let Some(thread) = thread::current() else {
        return;
    };
    let cells = &thread.io[operation.index()];
    add(&cells.calls, 1);
    // What a futex call returns is not a size.
    let amount = if operation == Operation::Futex {
        0
    } else {
        value.max(0) as u64
    };
    if value < 0 {
        add(&cells.errors, 1);
    } else {
        add(&cells.bytes, amount);
        add(&cells.histogram[bucket(amount)], 1);
    }
    if stacks {
        let event = walker::IO + operation.index() as u32;
        walker::record(thread, event, amount, frame_pointer, return_address);
    }
}

fn bucket(amount: u64) -> usize {
    ((u64::BITS - amount.leading_zeros()) as usize).min(BUCKETS - 1)
}
