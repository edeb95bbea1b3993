//! The counting allocator, libc interposers and stack walker of cargo perfkit.
//!
//! This crate is linked into a benchmark binary, never into a production one. It sees, exactly and by call stack:
//!
//! - every block that goes through Rust's global allocator ([`allocator::HookedAllocator`]),
//! - every call of `memcpy` and `memmove`, which this crate defines in the executable,
//! - every libc call that moves bytes or waits (`read`, `send`, `epoll_wait`, futexes, …), defined likewise,
//! - randomness asked for through libc, which it can answer from a seed ([`random`]).
//!
//! Nothing is seen until [`recording::begin`]. Until then an allocation costs one byte test and a copy one indirect
//! jump; `benches/guards.rs` measures both, and what counting and stacks cost when they are on.
//!
//! What it cannot see: copies that the compiler inlines (constant sizes up to 128 B on x86-64, `rep movs` at
//! `opt-level = "z"`), copies inside libc (in a static program those are seen, such as the copy of a `realloc`), memory that C code or `mmap` takes behind the global allocator, raw
//! system calls and io_uring. [`availability`] has one row per lens and says what this build and machine can record.
//!
//! # How it stays cheap and safe
//!
//! Each thread writes plain counters and a stack table of its own, in memory that is mapped and never freed, so that
//! no event takes a lock, allocates, or runs a destructor. Thread-local storage holds one pointer without `Drop`; the
//! table of an exited thread is found by its dead thread id and handed to the next new thread. Stacks are walked
//! along frame pointers within the bounds of the thread's stack, which needs `-Cforce-frame-pointers=yes`;
//! [`availability::frame_pointers`] tests that. A forked child is disarmed before it runs.
//!
//! All of perfkit's `unsafe` lives in this crate, and every public function of it is safe.

#![expect(
    unsafe_code,
    reason = "interposing libc, walking stacks and implementing GlobalAlloc cannot be done without; this is the only such crate"
)]

pub mod allocator;
pub mod availability;
pub mod callgrind;
pub mod counters;
pub mod marker;
pub mod modules;
pub mod os;
pub mod random;
pub mod recording;
pub mod sampling;
pub mod stacks;

mod copies;
mod errno;
mod fork;
mod heap;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
mod interpose_copies;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
mod interpose_io;
mod io;
mod live_map;
mod pages;
mod process_start;
mod stack_table;
mod thread;
mod walker;
