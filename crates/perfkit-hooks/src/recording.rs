//! Switches the recording on and off, and sums up what it counted.
//!
//! ```
//! use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
//!
//! prepare(Recording { heap: true, memcpy: true, ..Recording::default() });
//! for _ in 0..3 {
//!     begin();
//!     // one measured iteration
//!     let counters = end();
//!     assert_eq!(counters.dropped, 0);
//! }
//! finish();
//! ```

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::counters::{Counters, Operation};
use crate::process_start::{ARMED, LIVE_MAP, MODE, STACKS, TRACKING};
use crate::{copies, fork, heap, io, live_map, marker, process_start, thread};

/// What to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Count blocks of the global allocator, which must be a [`crate::allocator::HookedAllocator`].
    pub heap: bool,
    /// Count calls of `memcpy` and `memmove`.
    pub memcpy: bool,
    /// Count calls of the [`Operation`]s.
    pub io: bool,
    /// Attribute what is counted to call stacks.
    pub stacks: bool,
    /// Smallest copy whose stack is recorded, in bytes. Smaller ones are counted all the same.
    pub stack_threshold: usize,
    /// Remember the stack of each live block, for retained and peak bytes by stack.
    pub live_map: bool,
}

impl Default for Recording {
    /// Records nothing; stacks of copies start at 256 B.
    fn default() -> Self {
        Self {
            heap: false,
            memcpy: false,
            io: false,
            stacks: false,
            stack_threshold: 256,
            live_map: false,
        }
    }
}

/// The state between the calls of this module. Everything that events look at is in statics of its own.
struct Control {
    recording: Recording,
    /// Totals at `begin`.
    before: Counters,
    armed: bool,
    /// What the highest iteration so far had added to the live bytes at its peak.
    highest: Option<i64>,
    /// The value of `highest` for which live bytes have been attributed.
    attributed: Option<i64>,
    /// The value of `highest` at which this iteration is to attribute them.
    wanted: Option<i64>,
    /// Snapshots taken before this iteration.
    snapshots: u64,
}

static CONTROL: Mutex<Control> = Mutex::new(Control {
    recording: Recording {
        heap: false,
        memcpy: false,
        io: false,
        stacks: false,
        stack_threshold: 0,
        live_map: false,
    },
    before: Counters {
        heap: crate::counters::HeapCounters {
            allocs: 0,
            reallocs: 0,
            frees: 0,
            bytes: 0,
            peak: 0,
            live_at_begin: 0,
            live_at_end: 0,
        },
        memcpy: crate::counters::CopyCounters { calls: 0, bytes: 0 },
        memmove: crate::counters::CopyCounters { calls: 0, bytes: 0 },
        io: [crate::counters::IoCounters {
            calls: 0,
            bytes: 0,
            errors: 0,
            histogram: [0; crate::counters::BUCKETS],
        }; Operation::COUNT],
        dropped: 0,
        truncated: 0,
    },
    armed: false,
    highest: None,
    attributed: None,
    wanted: None,
    snapshots: 0,
});

fn control() -> MutexGuard<'static, Control> {
    // The state stays usable whatever panicked: it is overwritten by the next `prepare`.
    CONTROL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gets everything ready: forgets former recordings, sets up the calling thread's tables and starts to follow live
/// bytes. Call it before the workload's set-up, while no other thread is busy; nothing is counted until [`begin`].
pub fn prepare(recording: Recording) {
    marker::keep();
    process_start::ensure();
    fork::disarm_children();
    let mut control = control();
    switch_off();
    thread::reset();
    live_map::clear();
    *control = Control {
        recording,
        before: Counters::default(),
        armed: false,
        highest: None,
        attributed: None,
        wanted: None,
        snapshots: 0,
    };
    copies::THRESHOLD.store(recording.stack_threshold, SeqCst);
    // The bounds of this thread's stack are looked up now: doing so copies and allocates.
    thread::current();
    if recording.heap {
        let stacks = if recording.stacks { STACKS } else { 0 };
        let live_map = if recording.live_map { LIVE_MAP } else { 0 };
        MODE.fetch_or(TRACKING | stacks | live_map, SeqCst);
    }
}

/// Starts one measured iteration.
///
/// When blocks are attributed and an earlier iteration had a higher peak than has been attributed so far, the live
/// blocks are attributed to their stacks the moment this iteration reaches that peak: iterations repeat, so the peak
/// of one is known in the next. [`crate::stacks::StackRecord::peak_bytes`] then holds the result.
pub fn begin() {
    let mut control = control();
    if control.armed {
        return;
    }
    control.armed = true;
    let recording = control.recording;
    live_map::begin();
    control.wanted = control
        .highest
        .filter(|_| recording.live_map && control.highest > control.attributed);
    control.snapshots = live_map::snapshots();
    control.before = thread::totals();
    control.before.heap.live_at_begin = heap::begin(control.wanted);
    drop(control);
    if recording.io {
        io::set_level(if recording.stacks {
            io::Level::Stacks
        } else {
            io::Level::Count
        });
    }
    if recording.heap {
        MODE.fetch_or(ARMED, SeqCst);
    }
    if recording.memcpy {
        copies::set_level(if recording.stacks {
            copies::Level::Stacks
        } else {
            copies::Level::Count
        });
    }
}

/// Ends the iteration that [`begin`] started and returns what it counted.
///
/// Live bytes and the live map are still followed until [`finish`], so that blocks that are freed between iterations
/// do not count as retained.
pub fn end() -> Counters {
    copies::set_level(copies::Level::Off);
    MODE.fetch_and(!ARMED, SeqCst);
    io::set_level(io::Level::Off);
    let mut control = control();
    control.armed = false;
    let mut counters = thread::totals();
    counters.subtract(&control.before);
    counters.heap.live_at_begin = control.before.heap.live_at_begin;
    counters.heap.live_at_end = heap::live();
    counters.heap.peak = heap::end();
    let above = counters.heap.peak - counters.heap.live_at_begin;
    if live_map::snapshots() > control.snapshots {
        control.attributed = control.wanted;
    }
    control.highest = control.highest.max(Some(above));
    counters
}

/// Stops following live bytes. What was recorded stays readable until the next [`prepare`].
pub fn finish() {
    let mut control = control();
    control.armed = false;
    switch_off();
}

/// Bytes allocated less bytes freed since [`prepare`], by the whole process, inside and outside of iterations. Exact
/// while no other thread allocates. Negative when blocks of before were freed.
pub fn live_bytes() -> i64 {
    heap::live()
}

/// Number and bytes of the blocks that were allocated inside iterations and are still live. Needs
/// [`Recording::live_map`]; what the harness allocates between iterations is not in it.
pub fn retained() -> (u64, u64) {
    live_map::totals()
}

/// Number of threads that have tables, those whose thread has exited included until they are reused.
pub fn tables() -> usize {
    thread::registered()
}

/// Stops everything. Stores to atomics only, so that a forked child can run it.
pub(crate) fn switch_off() {
    copies::set_level(copies::Level::Off);
    MODE.fetch_and(!(ARMED | TRACKING | STACKS | LIVE_MAP), SeqCst);
    io::set_level(io::Level::Off);
}

impl Counters {
    fn subtract(&mut self, before: &Self) {
        self.heap.allocs -= before.heap.allocs;
        self.heap.reallocs -= before.heap.reallocs;
        self.heap.frees -= before.heap.frees;
        self.heap.bytes -= before.heap.bytes;
        for (now, before) in [
            (&mut self.memcpy, &before.memcpy),
            (&mut self.memmove, &before.memmove),
        ] {
            now.calls -= before.calls;
            now.bytes -= before.bytes;
        }
        for (now, before) in self.io.iter_mut().zip(&before.io) {
            now.calls -= before.calls;
            now.bytes -= before.bytes;
            now.errors -= before.errors;
            for (now, before) in now.histogram.iter_mut().zip(&before.histogram) {
                *now -= before;
            }
        }
        self.dropped -= before.dropped;
        self.truncated -= before.truncated;
    }
}
