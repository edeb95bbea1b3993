//! What was recorded, by call stack.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use crate::counters::Operation;
use crate::live_map;
use crate::stack_table::StackEntry;
use crate::thread;
use crate::walker;

/// Frames that are kept of a stack, counted from the innermost; deeper ones lose their root.
pub const MAXIMUM_DEPTH: usize = 128;

/// What happened at a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// `alloc`, `alloc_zeroed` or `realloc` of the global allocator.
    Alloc,
    /// `memcpy` of at least the threshold.
    Memcpy,
    /// `memmove` of at least the threshold.
    Memmove,
    /// An I/O function.
    Io(Operation),
}

/// One call stack, summed over all threads and all iterations since `prepare`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackRecord {
    /// What was counted here.
    pub event: Event,
    /// Return addresses, innermost first. The first one lies in the function that called `memcpy`, `read` and so on;
    /// for [`Event::Alloc`] the first few may lie in this crate and in std's allocation shims.
    pub frames: Vec<usize>,
    /// Whether the stack was deeper than [`MAXIMUM_DEPTH`] and misses its root.
    pub truncated: bool,
    /// Number of events.
    pub calls: u64,
    /// Bytes allocated, copied or moved; ready events for the `epoll` operations.
    pub bytes: u64,
    /// Bytes of blocks allocated here that are still live. Needs the live map, like the next two.
    pub live_bytes: u64,
    /// Those of [`StackRecord::live_bytes`] that were allocated after the first iteration: what is retained once, like
    /// a cache, is not in it, and what leaks in every iteration is.
    pub live_bytes_later: u64,
    /// Live bytes of blocks allocated here at the peak of the iterations; 0 before a second iteration reached it.
    pub peak_bytes: u64,
}

/// All stacks. Call it while nothing is armed; it allocates.
pub fn stacks() -> Vec<StackRecord> {
    let mut records: Vec<StackRecord> = Vec::new();
    // Not hash maps: those would take a number from the seeded randomness.
    let mut positions: BTreeMap<(u32, &'static [usize]), usize> = BTreeMap::new();
    let mut by_entry: BTreeMap<*const StackEntry, usize> = BTreeMap::new();
    for thread in thread::all() {
        thread.table.for_each(|entry| {
            let position = *positions
                .entry((entry.event, entry.frames()))
                .or_insert_with(|| {
                    records.push(StackRecord {
                        event: event(entry.event),
                        frames: entry.frames().to_vec(),
                        truncated: false,
                        calls: 0,
                        bytes: 0,
                        live_bytes: 0,
                        live_bytes_later: 0,
                        peak_bytes: 0,
                    });
                    records.len() - 1
                });
            by_entry.insert(entry, position);
            let record = &mut records[position];
            record.truncated |= entry.truncated();
            record.calls += entry.calls.load(Relaxed);
            record.bytes += entry.bytes.load(Relaxed);
            record.peak_bytes += live_map::peak_bytes(entry);
        });
    }
    // Only lookups and additions in here: an allocation would wait for the lock that the walk holds.
    live_map::for_each(|block| {
        if let Some(position) = by_entry.get(&block.stack) {
            let record = &mut records[*position];
            record.live_bytes += block.size as u64;
            if block.iteration > 1 {
                record.live_bytes_later += block.size as u64;
            }
        }
    });
    records
}

/// The live bytes at which [`StackRecord::peak_bytes`] were taken, on the scale of
/// [`crate::counters::HeapCounters::peak`].
pub fn peak_snapshot() -> Option<i64> {
    live_map::snapshot_bytes()
}

fn event(code: u32) -> Event {
    match code {
        walker::ALLOCATION => Event::Alloc,
        walker::COPY => Event::Memcpy,
        code if code == walker::COPY + 1 => Event::Memmove,
        code => Event::Io(Operation::ALL[(code - walker::IO) as usize]),
    }
}
