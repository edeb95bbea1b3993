//! The wrapper around the program's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::Ordering::Relaxed;

use crate::heap;
use crate::process_start::{ALTERNATE, ARMED, MODE, TRACKING, UNDECIDED, decide};

/// A global allocator that forwards to `A`, and counts while a recording is on.
///
/// Every call is forwarded as what it is: a `realloc` stays a `realloc`. An emulated one would copy where the program
/// does not.
///
/// When the environment variable `PERFKIT_ALLOCATOR` was `alternate` as the process started, `D` is used instead of
/// `A` for all of the process, from the first allocation on. That is how one binary can run under `dhat::Alloc` in a
/// pass of its own, though a program has only one `#[global_allocator]`.
///
/// ```
/// use perfkit_hooks::allocator::HookedAllocator;
/// use std::alloc::System;
///
/// #[global_allocator]
/// static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);
/// # fn main() {}
/// ```
#[derive(Debug, Default)]
pub struct HookedAllocator<A = System, D = System> {
    inner: A,
    alternate: D,
}

impl<A> HookedAllocator<A> {
    /// Wraps `inner`; the alternate allocator is the system's.
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            alternate: System,
        }
    }
}

impl<A, D> HookedAllocator<A, D> {
    /// Wraps `inner`, with `alternate` for processes that are started with `PERFKIT_ALLOCATOR=alternate`.
    pub const fn with_alternate(inner: A, alternate: D) -> Self {
        Self { inner, alternate }
    }
}

/// Whether this process uses the alternate allocator.
pub fn uses_alternate() -> bool {
    decide() & ALTERNATE != 0
}

// SAFETY: every method forwards to one and the same allocator for the whole life of the process, and what it does
// besides neither touches the block nor unwinds.
unsafe impl<A: GlobalAlloc, D: GlobalAlloc> GlobalAlloc for HookedAllocator<A, D> {
    // PERF: the four methods test one byte and tail-call; whatever else there is to do lies out of line.
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mode = MODE.load(Relaxed);
        if mode == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.alloc(layout) }
        } else if mode == COUNTING {
            // SAFETY: as above.
            unsafe { self.counted_alloc(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.observed_alloc(mode, layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let mode = MODE.load(Relaxed);
        if mode == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.observed_alloc_zeroed(mode, layout) }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let mode = MODE.load(Relaxed);
        if mode == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.dealloc(block, layout) }
        } else if mode == COUNTING {
            // SAFETY: as above.
            unsafe { self.counted_dealloc(block, layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.observed_dealloc(mode, block, layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let mode = MODE.load(Relaxed);
        if mode == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.realloc(block, layout, new_size) }
        } else {
            // SAFETY: as above.
            unsafe { self.observed_realloc(mode, block, layout, new_size) }
        }
    }
}

/// The mode, with the choice of the allocator made.
#[inline]
fn decided(mode: u8) -> u8 {
    if mode & UNDECIDED != 0 {
        decide()
    } else {
        mode
    }
}

/// The mode in which blocks are counted and nothing else, which has paths of its own.
const COUNTING: u8 = TRACKING | ARMED;

impl<A: GlobalAlloc, D: GlobalAlloc> HookedAllocator<A, D> {
    // PERF: whatever is not the common case leaves by a tail call, so that it costs the common case no registers.
    #[inline(never)]
    unsafe fn counted_alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's obligations are those of `inner`.
        let block = unsafe { self.inner.alloc(layout) };
        if block.is_null() || heap::count_allocated(layout.size()) {
            block
        } else {
            heap::allocated_out_of_line(COUNTING, block, layout.size())
        }
    }

    #[inline(never)]
    unsafe fn counted_dealloc(&self, block: *mut u8, layout: Layout) {
        if heap::count_freed(layout.size()) {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.dealloc(block, layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.observed_dealloc(COUNTING, block, layout) }
        }
    }

    #[inline(never)]
    unsafe fn observed_alloc(&self, mode: u8, layout: Layout) -> *mut u8 {
        let mode = decided(mode);
        let block = if mode & ALTERNATE == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.alloc(layout) }
        } else {
            // SAFETY: likewise of `alternate`.
            unsafe { self.alternate.alloc(layout) }
        };
        if mode & TRACKING != 0 && !block.is_null() {
            heap::allocated(mode, block as usize, layout.size());
        }
        block
    }

    #[inline(never)]
    unsafe fn observed_alloc_zeroed(&self, mode: u8, layout: Layout) -> *mut u8 {
        let mode = decided(mode);
        let block = if mode & ALTERNATE == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.alloc_zeroed(layout) }
        } else {
            // SAFETY: likewise of `alternate`.
            unsafe { self.alternate.alloc_zeroed(layout) }
        };
        if mode & TRACKING != 0 && !block.is_null() {
            heap::allocated(mode, block as usize, layout.size());
        }
        block
    }

    #[inline(never)]
    unsafe fn observed_dealloc(&self, mode: u8, block: *mut u8, layout: Layout) {
        let mode = decided(mode);
        // Before the block is given back: another thread may get the same address the moment it is.
        if mode & TRACKING != 0 {
            heap::freed(mode, block as usize, layout.size());
        }
        if mode & ALTERNATE == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.dealloc(block, layout) }
        } else {
            // SAFETY: likewise of `alternate`.
            unsafe { self.alternate.dealloc(block, layout) }
        }
    }

    #[inline(never)]
    unsafe fn observed_realloc(
        &self,
        mode: u8,
        block: *mut u8,
        layout: Layout,
        new_size: usize,
    ) -> *mut u8 {
        let mode = decided(mode);
        let known = heap::before_realloc(mode, block as usize);
        let moved = if mode & ALTERNATE == 0 {
            // SAFETY: the caller's obligations are those of `inner`.
            unsafe { self.inner.realloc(block, layout, new_size) }
        } else {
            // SAFETY: likewise of `alternate`.
            unsafe { self.alternate.realloc(block, layout, new_size) }
        };
        if mode & TRACKING != 0 {
            heap::reallocated(
                mode,
                known,
                block as usize,
                moved as usize,
                layout.size(),
                new_size,
            );
        }
        moved
    }
}
