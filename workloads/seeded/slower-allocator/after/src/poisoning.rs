//! The allocator that the gateway ships with.

use std::alloc::{GlobalAlloc, Layout, System};

/// What a new block holds.
const NEW: u8 = 0xcd;
/// What is left in a block that was freed.
const FREED: u8 = 0xdd;

/// The system's allocator with blocks that are filled when they are handed out and when they are given back: a read of
/// what was never written, or is gone, shows at once.
#[derive(Debug, Clone, Copy)]
pub struct Poisoning;

impl Poisoning {
    /// # Safety
    ///
    /// `block` has to be valid for writes of `size` bytes.
    unsafe fn fill(block: *mut u8, size: usize, byte: u8) {
        for offset in 0..size {
            // Volatile, as the compiler drops writes that nobody reads.
            // SAFETY: the offset is inside of the block.
            unsafe { block.add(offset).write_volatile(byte) };
        }
    }
}

// SAFETY: every method forwards to the system's allocator, and a block is written to only while nobody else owns it.
unsafe impl GlobalAlloc for Poisoning {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's obligations are those of the system's allocator.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block is new and of that size.
            unsafe { Self::fill(block, layout.size(), NEW) };
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is of that size, and the caller's last use of it is behind us.
        unsafe { Self::fill(block, layout.size(), FREED) };
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }

    // The system's allocator may resize a block where it is, so what it leaves behind is not filled.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's obligations are those of the system's allocator.
        unsafe { System.realloc(block, layout, size) }
    }
}
