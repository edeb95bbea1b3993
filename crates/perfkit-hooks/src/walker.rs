//! Walks the stack along frame pointers and counts the event for what it finds.

use std::cell::Cell;

use crate::stack_table::StackEntry;
use crate::stacks::MAXIMUM_DEPTH;
use crate::thread::{Thread, add};

/// [`StackEntry::event`] of an allocation.
pub(crate) const ALLOCATION: u32 = 0;
/// [`StackEntry::event`] of the two copying functions, less their index.
pub(crate) const COPY: u32 = 1;
/// [`StackEntry::event`] of the I/O functions, less their index.
pub(crate) const IO: u32 = 16;

/// Counts an allocation for the calling stack, whose innermost frame is the caller of this function.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[cfg(all(unix, not(miri)))]
pub(crate) fn record_allocation(thread: &'static Thread, bytes: u64) -> *const StackEntry {
    // SAFETY: the function only reads registers on its way to `record`.
    unsafe { record_from_here(thread, ALLOCATION, bytes) }
}

/// Stacks cannot be walked here.
#[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), unix, not(miri))))]
pub(crate) fn record_allocation(_thread: &'static Thread, _bytes: u64) -> *const StackEntry {
    std::ptr::null()
}

/// Passes its caller's frame pointer and its own return address on to [`record`], which returns to the caller.
///
/// Reading both in a naked function keeps the innermost frame right in every build, also in one without frame
/// pointers, and whatever the compiler inlines.
#[cfg(all(target_arch = "x86_64", unix, not(miri)))]
#[unsafe(naked)]
unsafe extern "C" fn record_from_here(
    thread: &Thread,
    event: u32,
    bytes: u64,
) -> *const StackEntry {
    std::arch::naked_asm!(
        "mov rcx, rbp",
        "mov r8, [rsp]",
        "jmp {record}",
        record = sym record,
    )
}

#[cfg(all(target_arch = "aarch64", unix, not(miri)))]
#[unsafe(naked)]
unsafe extern "C" fn record_from_here(
    thread: &Thread,
    event: u32,
    bytes: u64,
) -> *const StackEntry {
    std::arch::naked_asm!(
        "mov x3, x29",
        "mov x4, x30",
        "b {record}",
        record = sym record,
    )
}

/// Counts one event for the stack that starts at `return_address` and goes on at `frame_pointer`. Returns the
/// stack's entry, or null when the event was dropped.
pub(crate) extern "C" fn record(
    thread: &Thread,
    event: u32,
    bytes: u64,
    frame_pointer: usize,
    return_address: usize,
) -> *const StackEntry {
    let entry = thread.unless_busy(|| {
        let walk = walk(thread, frame_pointer, return_address);
        if walk.truncated {
            add(&thread.truncated, 1);
        }
        // The event is part of what is told apart, so that one entry has one meaning.
        let hash = finish(walk.hash ^ u64::from(event));
        let entry =
            thread
                .table
                .entry(hash, event, &thread.frames[..walk.depth], walk.truncated)?;
        add(&entry.calls, 1);
        add(&entry.bytes, bytes);
        Some(entry)
    });
    match entry.flatten() {
        Some(entry) => entry,
        None => {
            add(&thread.dropped, 1);
            std::ptr::null()
        }
    }
}

struct Walk {
    depth: usize,
    hash: u64,
    truncated: bool,
}

/// Collects return addresses into the thread's buffer.
///
/// A frame pointer is only followed while it lies on this thread's stack, is aligned and goes towards the root, so
/// that a register which holds anything else ends the walk and is never read through in the wrong place.
#[inline(always)]
fn walk(thread: &Thread, frame_pointer: usize, return_address: usize) -> Walk {
    let frames = &thread.frames;
    frames[0].set(return_address);
    let mut hash = mix(0, return_address);
    let mut depth = 1;
    let here = Cell::new(0_usize);
    // The address of a local is below every frame of the caller, whichever way the stack pointer moved.
    let mut floor = here.as_ptr() as usize;
    let last = thread
        .stack_end
        .get()
        .saturating_sub(2 * size_of::<usize>());
    let mut frame = frame_pointer;
    // PERF: the loads of the chain are what takes the time; all tests depend on them and are predicted.
    while frame > floor && frame <= last && frame.is_multiple_of(size_of::<usize>()) {
        // SAFETY: both words lie between this function's frame and the end of the stack, which is mapped.
        let (next, address) =
            unsafe { (*(frame as *const usize), *(frame as *const usize).add(1)) };
        if address == 0 {
            break;
        }
        if depth == MAXIMUM_DEPTH {
            return Walk {
                depth,
                hash,
                truncated: true,
            };
        }
        // PERF: the bounds check is the one of the loop above.
        if let Some(slot) = frames.get(depth) {
            slot.set(address);
        }
        hash = mix(hash, address);
        depth += 1;
        floor = frame;
        frame = next;
    }
    Walk {
        depth,
        hash,
        truncated: false,
    }
}

#[inline(always)]
fn mix(hash: u64, address: usize) -> u64 {
    // A multiplication and a rotation per frame hide behind the load of the next frame.
    (hash.rotate_left(23) ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[inline(always)]
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

/// End of the calling thread's stack, or 0 when it is not known.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn stack_end() -> usize {
    // SAFETY: `pthread_attr_t` is plain data; the attributes are only read after the call that fills them succeeded,
    // and destroyed then.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return 0;
        }
        let mut address = std::ptr::null_mut();
        let mut size = 0;
        let result =
            libc::pthread_attr_getstack(&raw const attributes, &raw mut address, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        if result == 0 {
            address as usize + size
        } else {
            0
        }
    }
}

/// End of the calling thread's stack.
#[cfg(all(target_vendor = "apple", not(miri)))]
pub(crate) fn stack_end() -> usize {
    // SAFETY: has no preconditions.
    unsafe { libc::pthread_get_stackaddr_np(libc::pthread_self()) as usize }
}

/// Not known here.
#[cfg(any(not(any(target_os = "linux", target_vendor = "apple")), miri))]
pub(crate) fn stack_end() -> usize {
    0
}
