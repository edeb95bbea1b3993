//! Memory for the tables, taken behind the allocator that is being measured.

use std::ptr::NonNull;

/// Zeroed memory of `bytes`, aligned to at least 64 bytes, or `None` when the system has no more.
///
/// It comes straight from the kernel: the tables must not show up in what they count, and an event must never
/// re-enter an allocator.
pub(crate) fn map(bytes: usize) -> Option<NonNull<u8>> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            None
        } else {
            NonNull::new(address.cast())
        }
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        use std::alloc::{GlobalAlloc, System};
        // SAFETY: callers ask for more than zero bytes.
        NonNull::new(unsafe { System.alloc_zeroed(layout(bytes)) })
    }
}

/// Gives memory back.
///
/// # Safety
///
/// `address` and `bytes` are those of one [`map`], and nothing points into it any more.
pub(crate) unsafe fn unmap(address: NonNull<u8>, bytes: usize) {
    #[cfg(all(target_os = "linux", not(miri)))]
    // SAFETY: the caller passes a whole mapping that nothing uses.
    unsafe {
        libc::munmap(address.as_ptr().cast(), bytes);
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        use std::alloc::{GlobalAlloc, System};
        // SAFETY: the caller passes what `map` returned for this size.
        unsafe { System.dealloc(address.as_ptr(), layout(bytes)) }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn layout(bytes: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(bytes, 64)
        .expect("table sizes are far below the address space")
}
