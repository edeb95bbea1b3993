//! Counts blocks, and keeps live and peak bytes.
//!
//! Each thread has its own running total of live bytes and publishes it to [`PUBLISHED`] whenever it has drifted by
//! [`DRIFT`]. With one allocating thread every number is exact; each further one makes the peak uncertain by at most
//! [`DRIFT`], since its unpublished part is not seen by the others.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::live_map::{self, Block};
use crate::process_start::{ARMED, LIVE_MAP, STACKS};
use crate::stack_table::StackEntry;
use crate::thread::{self, Thread, add};
use crate::walker;

/// Bytes by which a thread's live total may differ from what it has published.
const DRIFT: i64 = 16 << 10;

/// Sum of the published live totals of all threads.
static PUBLISHED: AtomicI64 = AtomicI64::new(0);
/// Highest live total seen since `begin`.
static PEAK: AtomicI64 = AtomicI64::new(0);
/// Live total at which the live blocks are to be attributed to their stacks; `i64::MAX` for never.
static SNAPSHOT_AT: AtomicI64 = AtomicI64::new(i64::MAX);

/// Counts a new block, if there is nothing else to do about it; otherwise does nothing and returns `false`.
#[inline(always)]
pub(crate) fn count_allocated(size: usize) -> bool {
    let Some(thread) = thread::existing() else {
        return false;
    };
    let heap = &thread.heap;
    let live = heap.live.load(Relaxed) + size as i64;
    if live > heap.high.load(Relaxed) {
        return false;
    }
    heap.live.store(live, Relaxed);
    add(&heap.allocs, 1);
    add(&heap.bytes, size as u64);
    true
}

/// Counts a freed block, if there is nothing else to do about it; otherwise does nothing and returns `false`.
#[inline(always)]
pub(crate) fn count_freed(size: usize) -> bool {
    let Some(thread) = thread::existing() else {
        return false;
    };
    let heap = &thread.heap;
    let live = heap.live.load(Relaxed) - size as i64;
    if heap.published.load(Relaxed) - live > DRIFT {
        return false;
    }
    heap.live.store(live, Relaxed);
    add(&heap.frees, 1);
    true
}

/// [`allocated`] for a tail call: returns the block.
#[cold]
#[inline(never)]
pub(crate) fn allocated_out_of_line(mode: u8, block: *mut u8, size: usize) -> *mut u8 {
    allocated(mode, block as usize, size);
    block
}

/// Notes a new block.
#[inline]
pub(crate) fn allocated(mode: u8, address: usize, size: usize) {
    let Some(thread) = thread::current() else {
        return;
    };
    if mode & ARMED != 0 {
        add(&thread.heap.allocs, 1);
        add(&thread.heap.bytes, size as u64);
        attribute(thread, mode, address, size);
    }
    grow(thread, size as i64);
}

/// Notes that a block is about to be freed.
#[inline]
pub(crate) fn freed(mode: u8, address: usize, size: usize) {
    let Some(thread) = thread::current() else {
        return;
    };
    if mode & ARMED != 0 {
        add(&thread.heap.frees, 1);
    }
    if mode & LIVE_MAP != 0 {
        forget(thread, address);
    }
    shrink(thread, size as i64);
}

/// Takes a block out of the live map before `realloc` may give its address to another thread.
#[inline]
pub(crate) fn before_realloc(mode: u8, address: usize) -> Option<Block> {
    if mode & LIVE_MAP == 0 {
        return None;
    }
    forget(thread::current()?, address)
}

/// Notes that a block was resized; `moved` is 0 when that failed.
pub(crate) fn reallocated(
    mode: u8,
    known: Option<Block>,
    address: usize,
    moved: usize,
    old_size: usize,
    new_size: usize,
) {
    let Some(thread) = thread::current() else {
        return;
    };
    if moved == 0 {
        if let Some(block) = known {
            remember(thread, address, block);
        }
        return;
    }
    if mode & ARMED != 0 {
        add(&thread.heap.allocs, 1);
        add(&thread.heap.reallocs, 1);
        add(&thread.heap.bytes, new_size as u64);
        attribute(thread, mode, moved, new_size);
    } else if let Some(block) = known {
        // Outside an iteration nobody is to blame for the growth but the one who made the block.
        remember(
            thread,
            moved,
            Block {
                size: new_size,
                ..block
            },
        );
    }
    if new_size > old_size {
        grow(thread, (new_size - old_size) as i64);
    } else {
        shrink(thread, (old_size - new_size) as i64);
    }
}

#[inline]
fn attribute(thread: &'static Thread, mode: u8, address: usize, size: usize) {
    if mode & (STACKS | LIVE_MAP) == 0 {
        return;
    }
    let stack = if mode & STACKS != 0 {
        walker::record_allocation(thread, size as u64)
    } else {
        std::ptr::null()
    };
    if mode & LIVE_MAP != 0 {
        remember(
            thread,
            address,
            Block {
                stack,
                size,
                iteration: live_map::iteration(),
            },
        );
    }
}

fn remember(thread: &Thread, address: usize, block: Block) {
    // A signal handler that allocates while this thread holds a lock of the map must not wait for it.
    let inserted = thread.unless_busy(|| live_map::insert(address, block));
    if inserted != Some(true) {
        add(&thread.dropped, 1);
    }
}

fn forget(thread: &Thread, address: usize) -> Option<Block> {
    let removed = thread.unless_busy(|| live_map::remove(address));
    if removed.is_none() {
        add(&thread.dropped, 1);
    }
    removed.flatten()
}

#[inline]
fn grow(thread: &Thread, bytes: i64) {
    let heap = &thread.heap;
    let live = heap.live.load(Relaxed) + bytes;
    heap.live.store(live, Relaxed);
    if live > heap.high.load(Relaxed) {
        heap.high.store(live, Relaxed);
        if live - heap.published.load(Relaxed) > DRIFT {
            publish(thread, live);
        }
        if PUBLISHED.load(Relaxed) + (live - heap.published.load(Relaxed))
            >= SNAPSHOT_AT.load(Relaxed)
        {
            snapshot(thread);
        }
    }
}

#[inline]
fn shrink(thread: &Thread, bytes: i64) {
    let heap = &thread.heap;
    let live = heap.live.load(Relaxed) - bytes;
    heap.live.store(live, Relaxed);
    if heap.published.load(Relaxed) - live > DRIFT {
        publish(thread, live);
    }
}

#[cold]
#[inline(never)]
fn publish(thread: &Thread, live: i64) {
    let heap = &thread.heap;
    let drift = live - heap.published.load(Relaxed);
    let total = PUBLISHED.fetch_add(drift, Relaxed) + drift;
    let peak = total + heap.high.load(Relaxed) - live;
    if peak > PEAK.load(Relaxed) {
        PEAK.fetch_max(peak, Relaxed);
    }
    heap.published.store(live, Relaxed);
    heap.high.store(live, Relaxed);
}

#[cold]
#[inline(never)]
fn snapshot(thread: &Thread) {
    let at = SNAPSHOT_AT.swap(i64::MAX, Relaxed);
    if at == i64::MAX {
        return;
    }
    if thread
        .unless_busy(|| live_map::attribute_peak(at))
        .is_none()
    {
        SNAPSHOT_AT.store(at, Relaxed);
    }
}

/// Bytes that are live now, of those allocated since `prepare`.
pub(crate) fn live() -> i64 {
    thread::all()
        .map(|thread| thread.heap.live.load(Relaxed))
        .sum()
}

/// Starts the peak of an iteration afresh and returns the live bytes.
pub(crate) fn begin(snapshot_at: Option<i64>) -> i64 {
    let mut total = 0;
    for thread in thread::all() {
        let live = thread.heap.live.load(Relaxed);
        thread.heap.published.store(live, Relaxed);
        thread.heap.high.store(live, Relaxed);
        total += live;
    }
    PUBLISHED.store(total, Relaxed);
    PEAK.store(total, Relaxed);
    SNAPSHOT_AT.store(snapshot_at.map_or(i64::MAX, |above| total + above), Relaxed);
    total
}

/// The highest number of live bytes since [`begin`].
pub(crate) fn end() -> i64 {
    SNAPSHOT_AT.store(i64::MAX, Relaxed);
    let total = PUBLISHED.load(Relaxed);
    thread::all()
        .map(|thread| total + thread.heap.high.load(Relaxed) - thread.heap.published.load(Relaxed))
        .fold(PEAK.load(Relaxed), i64::max)
}

/// A stack that allocated a block; null when stacks were off or the event was dropped.
pub(crate) type Stack = *const StackEntry;
