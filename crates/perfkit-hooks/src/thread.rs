//! What each thread writes for itself, and the list of all threads.

use std::cell::Cell;
use std::ptr::null;
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU64, Ordering::AcqRel, Ordering::Acquire,
    Ordering::Relaxed,
};

use crate::counters::{BUCKETS, Counters, Operation};
use crate::errno;
use crate::pages;
use crate::stack_table::StackTable;
use crate::stacks::MAXIMUM_DEPTH;
use crate::walker;

/// Counters and tables of one thread at a time. Only the owner writes, except while nothing is armed; others read.
///
/// Blocks are mapped zeroed, which is a valid value, and never unmapped: totals of exited threads stay readable, and
/// a new thread takes over the block of a dead one, counts included.
#[repr(C, align(64))]
pub(crate) struct Thread {
    pub(crate) heap: HeapCells,
    pub(crate) copies: [CopyCells; 2],
    /// End of the owner's stack, or 0 when it is not known and stacks are the innermost frame only.
    pub(crate) stack_end: Cell<usize>,
    /// An event of this thread is being recorded; what a signal handler does meanwhile must not touch the tables.
    busy: Cell<bool>,
    pub(crate) dropped: AtomicU64,
    pub(crate) truncated: AtomicU64,
    pub(crate) table: StackTable,
    /// Return addresses of the walk in progress, innermost first.
    pub(crate) frames: [Cell<usize>; MAXIMUM_DEPTH],
    pub(crate) io: [IoCells; Operation::COUNT],
    owner: AtomicI32,
    next: AtomicPtr<Thread>,
}

/// The owner's block counts, since the block was mapped.
#[repr(C)]
pub(crate) struct HeapCells {
    pub(crate) allocs: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) frees: AtomicU64,
    /// Bytes allocated less bytes freed.
    pub(crate) live: AtomicI64,
    /// Highest `live` since it was published last.
    pub(crate) high: AtomicI64,
    /// The part of `live` that is in the total of all threads.
    pub(crate) published: AtomicI64,
    pub(crate) reallocs: AtomicU64,
}

/// The owner's calls of one copying function.
#[repr(C)]
pub(crate) struct CopyCells {
    pub(crate) calls: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// The owner's calls of one I/O function.
#[repr(C)]
pub(crate) struct IoCells {
    pub(crate) calls: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) histogram: [AtomicU64; BUCKETS],
}

// SAFETY: the `Cell`s are used by the owning thread only, and the owner changes only when the former one is dead.
unsafe impl Sync for Thread {}

impl Thread {
    /// Whether this thread is in the middle of recording an event.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.get()
    }

    /// Runs `work` unless this thread is in the middle of another event.
    #[inline]
    pub(crate) fn unless_busy<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        if self.busy.replace(true) {
            return None;
        }
        // The compiler must not move the work out of the guarded region; only a signal handler can look, so that a
        // compiler fence is enough.
        std::sync::atomic::compiler_fence(AcqRel);
        let result = work();
        std::sync::atomic::compiler_fence(AcqRel);
        self.busy.set(false);
        Some(result)
    }
}

thread_local! {
    // Constant initialiser and no `Drop`: access is one instruction, and valid from a thread's first to last.
    static CURRENT: Cell<*const Thread> = const { Cell::new(null()) };
    static IN_SETUP: Cell<bool> = const { Cell::new(false) };
}

static FIRST: AtomicPtr<Thread> = AtomicPtr::new(std::ptr::null_mut());
/// Events of threads that have no block, because there was no memory for it.
static HOMELESS: AtomicU64 = AtomicU64::new(0);

/// Adds without a lock prefix: the cell has one writer.
#[inline(always)]
pub(crate) fn add(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(amount), Relaxed);
}

/// This thread's block.
#[inline(always)]
pub(crate) fn current() -> Option<&'static Thread> {
    let thread = CURRENT.with(Cell::get);
    if thread.is_null() {
        return set_up();
    }
    // SAFETY: blocks are never unmapped, and are written through atomics and cells only.
    Some(unsafe { &*thread })
}

/// This thread's block, if it has one already.
#[inline(always)]
pub(crate) fn existing() -> Option<&'static Thread> {
    // SAFETY: as in `current`; the pointer is null before there is a block.
    unsafe { CURRENT.with(Cell::get).as_ref() }
}

#[cold]
#[inline(never)]
fn set_up() -> Option<&'static Thread> {
    // Finding the bounds of the stack copies and allocates by itself; those events are not the program's.
    if IN_SETUP.with(|setup| setup.replace(true)) {
        return None;
    }
    let thread = errno::preserved(|| {
        let thread = claim_dead().or_else(map_new)?;
        thread.stack_end.set(walker::stack_end());
        thread.busy.set(false);
        Some(thread)
    });
    match thread {
        Some(thread) => CURRENT.with(|current| current.set(thread)),
        None => {
            HOMELESS.fetch_add(1, Relaxed);
        }
    }
    IN_SETUP.with(|setup| setup.set(false));
    thread
}

fn map_new() -> Option<&'static Thread> {
    let thread = pages::map(size_of::<Thread>())?.cast::<Thread>();
    // SAFETY: the mapping is large and aligned enough, zeroed is a valid value, and it is never unmapped.
    let thread: &'static Thread = unsafe { thread.as_ref() };
    thread.owner.store(thread_id(), Relaxed);
    let mut first = FIRST.load(Relaxed);
    loop {
        thread.next.store(first, Relaxed);
        match FIRST.compare_exchange_weak(
            first,
            std::ptr::from_ref(thread).cast_mut(),
            AcqRel,
            Relaxed,
        ) {
            Ok(_) => return Some(thread),
            Err(now) => first = now,
        }
    }
}

/// Owners asked per new thread. Each costs a system call, so a program with thousands of threads must not ask all.
const ASKED: usize = 64;

fn claim_dead() -> Option<&'static Thread> {
    let id = thread_id();
    all().take(ASKED).find(|thread| {
        let owner = thread.owner.load(Relaxed);
        // A thread without a block that has the owner's id can only be its successor.
        (owner == id || is_dead(owner))
            && thread
                .owner
                .compare_exchange(owner, id, AcqRel, Relaxed)
                .is_ok()
    })
}

#[cfg(all(target_os = "linux", not(miri)))]
fn thread_id() -> i32 {
    // SAFETY: has no preconditions.
    (unsafe { libc::syscall(libc::SYS_gettid) }) as i32
}

#[cfg(all(target_os = "linux", not(miri)))]
fn is_dead(owner: i32) -> bool {
    // SAFETY: signal 0 is never delivered; the call only tells whether the thread exists.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), owner, 0) };
    result == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn thread_id() -> i32 {
    static NEXT: AtomicI32 = AtomicI32::new(1);
    NEXT.fetch_add(1, Relaxed)
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn is_dead(_owner: i32) -> bool {
    // There is no portable way to ask without a destructor in thread-local storage; every thread keeps its block.
    false
}

/// The blocks of all threads, also of those that have exited.
pub(crate) fn all() -> impl Iterator<Item = &'static Thread> {
    let mut next = FIRST.load(Acquire);
    std::iter::from_fn(move || {
        // SAFETY: blocks are never unmapped, and published after they were set up.
        let thread = unsafe { next.as_ref() }?;
        next = thread.next.load(Relaxed);
        Some(thread)
    })
}

/// Everything counted so far, over all threads; live and peak bytes are left at 0.
pub(crate) fn totals() -> Counters {
    let mut totals = Counters {
        dropped: HOMELESS.load(Relaxed),
        ..Counters::default()
    };
    for thread in all() {
        totals.heap.allocs += thread.heap.allocs.load(Relaxed);
        totals.heap.reallocs += thread.heap.reallocs.load(Relaxed);
        totals.heap.frees += thread.heap.frees.load(Relaxed);
        totals.heap.bytes += thread.heap.bytes.load(Relaxed);
        for (total, cells) in [&mut totals.memcpy, &mut totals.memmove]
            .into_iter()
            .zip(&thread.copies)
        {
            total.calls += cells.calls.load(Relaxed);
            total.bytes += cells.bytes.load(Relaxed);
        }
        for (total, cells) in totals.io.iter_mut().zip(&thread.io) {
            total.calls += cells.calls.load(Relaxed);
            total.bytes += cells.bytes.load(Relaxed);
            total.errors += cells.errors.load(Relaxed);
            for (total, cell) in total.histogram.iter_mut().zip(&cells.histogram) {
                *total += cell.load(Relaxed);
            }
        }
        totals.dropped += thread.dropped.load(Relaxed);
        totals.truncated += thread.truncated.load(Relaxed);
    }
    totals
}

/// Forgets all stacks and starts live bytes at zero. Nothing may be armed.
pub(crate) fn reset() {
    for thread in all() {
        thread.table.clear();
        for cell in [&thread.heap.live, &thread.heap.high, &thread.heap.published] {
            cell.store(0, Relaxed);
        }
    }
}

/// Whether this thread's block could be set up, and how many threads have one.
pub(crate) fn registered() -> usize {
    all().count()
}

/// A lock for the few places that are not on a hot path and must not allocate or sleep in libc.
pub(crate) struct SpinLock(AtomicBool);

impl SpinLock {
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Runs `work` alone.
    #[inline]
    pub(crate) fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        while self.0.swap(true, Acquire) {
            let mut rounds = 0_u32;
            while self.0.load(Relaxed) {
                rounds += 1;
                if rounds < 64 {
                    std::hint::spin_loop()
                } else {
                    std::thread::yield_now()
                }
            }
        }
        let result = work();
        self.0.store(false, std::sync::atomic::Ordering::Release);
        result
    }
}
