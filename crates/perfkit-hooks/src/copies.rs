//! Counts calls of `memcpy` and `memmove`.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::thread::{self, Thread, add};
use crate::walker;

/// What the copy interposers do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Jump to the real function.
    Off,
    /// Count calls and bytes.
    Count,
    /// And attribute copies of at least [`THRESHOLD`] bytes to their stack.
    Stacks,
}

/// Smallest copy whose stack is recorded, in bytes.
pub(crate) static THRESHOLD: AtomicUsize = AtomicUsize::new(0);

/// Sets what happens from the next call on.
pub(crate) fn set_level(level: Level) {
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))]
    crate::interpose_copies::set_level(level);
    #[cfg(not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    )))]
    let _ = level;
}

/// Called by the armed stubs before they jump to the real function. `FUNCTION` is 0 for memcpy and 1 for memmove.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the stubs that call it exist on Linux only")
)]
pub(crate) extern "C" fn count<const FUNCTION: usize>(bytes: usize) {
    if let Some(thread) = current() {
        add(&thread.copies[FUNCTION].calls, 1);
        add(&thread.copies[FUNCTION].bytes, bytes as u64);
    }
}

/// Like [`count`], and attributes large copies to their stack.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the stubs that call it exist on Linux only")
)]
pub(crate) extern "C" fn count_and_attribute<const FUNCTION: usize>(
    bytes: usize,
    frame_pointer: usize,
    return_address: usize,
) {
    if let Some(thread) = current() {
        add(&thread.copies[FUNCTION].calls, 1);
        add(&thread.copies[FUNCTION].bytes, bytes as u64);
        if bytes >= THRESHOLD.load(Relaxed) {
            let event = walker::COPY + FUNCTION as u32;
            walker::record(thread, event, bytes as u64, frame_pointer, return_address);
        }
    }
}

/// This thread's block, unless the copy is one of our own.
#[inline(always)]
fn current() -> Option<&'static Thread> {
    let thread = thread::current()?;
    // What records a stack copies nothing when it is optimised. Unoptimised code moves small structures by memcpy.
    if cfg!(debug_assertions) && thread.is_busy() {
        None
    } else {
        Some(thread)
    }
}
