//! Which stack allocated each block that is still live.
//!
//! Open addressing, sharded by address, each shard under a lock of its own. Retained bytes by stack are a sum over
//! what is in here, so that a free on another thread needs no access to the allocating thread's table.

use std::cell::UnsafeCell;
use std::ptr::{NonNull, null};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::heap::Stack;
use crate::pages;
use crate::stack_table::StackEntry;
use crate::thread::SpinLock;

/// Shards; a power of two. Enough that a few busy threads rarely meet.
const SHARDS: usize = 64;
/// Slots of a new shard; it doubles when three quarters full.
const FIRST_SLOTS: usize = 1 << 7;

/// A live block.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) stack: Stack,
    pub(crate) size: usize,
    /// The measured iteration that allocated it, from 1.
    pub(crate) iteration: u32,
}

#[derive(Clone, Copy)]
struct Slot {
    /// 0 when empty.
    address: usize,
    block: Block,
}

#[repr(align(64))]
struct Shard {
    lock: SpinLock,
    table: UnsafeCell<Table>,
}

struct Table {
    slots: *mut Slot,
    mask: usize,
    used: usize,
    bytes: usize,
}

// SAFETY: the table is only reached through `Shard::with`, under the lock.
unsafe impl Sync for Shard {}

static MAP: [Shard; SHARDS] = [const {
    Shard {
        lock: SpinLock::new(),
        table: UnsafeCell::new(Table {
            slots: std::ptr::null_mut(),
            mask: 0,
            used: 0,
            bytes: 0,
        }),
    }
}; SHARDS];

static ITERATION: AtomicU32 = AtomicU32::new(0);
/// Number of the last snapshot, and the live bytes it was taken at.
static SNAPSHOT: AtomicU64 = AtomicU64::new(0);
static SNAPSHOT_BYTES: AtomicI64 = AtomicI64::new(0);

/// Remembers a block; `false` without memory.
pub(crate) fn insert(address: usize, block: Block) -> bool {
    let hash = hash(address);
    shard(hash).with(|table| table.insert(hash, Slot { address, block }))
}

/// Takes a block out, if it was in.
pub(crate) fn remove(address: usize) -> Option<Block> {
    let hash = hash(address);
    shard(hash).with(|table| table.remove(hash, address))
}

/// Calls `visit` with every block.
pub(crate) fn for_each(mut visit: impl FnMut(&Block)) {
    for shard in &MAP {
        shard.with(|table| {
            for index in 0..table.slot_count() {
                let slot = table.slot(index);
                if slot.address != 0 {
                    visit(&slot.block);
                }
            }
        });
    }
}

/// Number and bytes of all blocks.
pub(crate) fn totals() -> (u64, u64) {
    MAP.iter().fold((0, 0), |(blocks, bytes), shard| {
        shard.with(|table| (blocks + table.used as u64, bytes + table.bytes as u64))
    })
}

/// Writes the live bytes of each stack, as of now, to its `peak_bytes`.
///
/// Blocks that other threads allocate or free meanwhile may be on either side.
pub(crate) fn attribute_peak(live: i64) {
    let snapshot = SNAPSHOT.load(Relaxed) + 1;
    for_each(|block| {
        // SAFETY: entries stay mapped.
        let Some(entry) = (unsafe { block.stack.as_ref() }) else {
            return;
        };
        let before = if entry.peak_snapshot.load(Relaxed) == snapshot {
            entry.peak_bytes.load(Relaxed)
        } else {
            0
        };
        entry.peak_bytes.store(before + block.size as u64, Relaxed);
        entry.peak_snapshot.store(snapshot, Relaxed);
    });
    SNAPSHOT_BYTES.store(live, Relaxed);
    SNAPSHOT.store(snapshot, Relaxed);
}

/// The live bytes of `entry` in the last snapshot.
pub(crate) fn peak_bytes(entry: &StackEntry) -> u64 {
    let snapshot = SNAPSHOT.load(Relaxed);
    if snapshot != 0 && entry.peak_snapshot.load(Relaxed) == snapshot {
        entry.peak_bytes.load(Relaxed)
    } else {
        0
    }
}

/// Number of snapshots taken.
pub(crate) fn snapshots() -> u64 {
    SNAPSHOT.load(Relaxed)
}

/// The live bytes at which the last snapshot was taken.
pub(crate) fn snapshot_bytes() -> Option<i64> {
    (SNAPSHOT.load(Relaxed) != 0).then(|| SNAPSHOT_BYTES.load(Relaxed))
}

/// The iteration being measured, or the last one.
pub(crate) fn iteration() -> u32 {
    ITERATION.load(Relaxed)
}

/// Starts the next iteration.
pub(crate) fn begin() {
    ITERATION.store(ITERATION.load(Relaxed) + 1, Relaxed);
}

/// Forgets everything and gives the memory back.
pub(crate) fn clear() {
    for shard in &MAP {
        shard.with(|table| {
            let count = table.slot_count();
            if let Some(slots) = NonNull::new(table.slots) {
                // SAFETY: the table is not used after this, but as an empty one.
                unsafe { pages::unmap(slots.cast(), count * size_of::<Slot>()) };
            }
            *table = Table {
                slots: std::ptr::null_mut(),
                mask: 0,
                used: 0,
                bytes: 0,
            };
        });
    }
    ITERATION.store(0, Relaxed);
    SNAPSHOT.store(0, Relaxed);
}

fn hash(address: usize) -> u64 {
    // Fibonacci hashing; the low four bits of a block's address are always zero.
    (address as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn shard(hash: u64) -> &'static Shard {
    &MAP[(hash >> 58) as usize % SHARDS]
}

impl Shard {
    #[inline]
    fn with<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        // SAFETY: the lock makes this the only reference.
        self.lock.with(|| work(unsafe { &mut *self.table.get() }))
    }
}

impl Table {
    fn slot_count(&self) -> usize {
        if self.slots.is_null() {
            0
        } else {
            self.mask + 1
        }
    }

    #[inline]
    fn slot(&mut self, index: usize) -> &mut Slot {
        // SAFETY: callers mask the index or take it from `slot_count`, and the table is theirs alone.
        unsafe { &mut *self.slots.add(index) }
    }

    fn insert(&mut self, hash: u64, slot: Slot) -> bool {
        if (self.used + 1) * 4 > self.slot_count() * 3 && !self.grow() {
            return false;
        }
        self.bytes += slot.block.size;
        self.used += 1;
        self.place(hash, slot);
        true
    }

    fn place(&mut self, hash: u64, slot: Slot) {
        let mut index = (hash >> 26) as usize & self.mask;
        while self.slot(index).address != 0 {
            index = (index + 1) & self.mask;
        }
        *self.slot(index) = slot;
    }

    fn remove(&mut self, hash: u64, address: usize) -> Option<Block> {
        if self.slots.is_null() {
            return None;
        }
        let mut index = (hash >> 26) as usize & self.mask;
        while self.slot(index).address != address {
            if self.slot(index).address == 0 {
                return None;
            }
            index = (index + 1) & self.mask;
        }
        let block = self.slot(index).block;
        self.bytes -= block.size;
        self.used -= 1;
        self.close_gap(index);
        Some(block)
    }

    /// Moves later slots of the same run up, so that no tombstone is needed.
    fn close_gap(&mut self, mut gap: usize) {
        let mut index = gap;
        loop {
            index = (index + 1) & self.mask;
            let slot = *self.slot(index);
            if slot.address == 0 {
                break;
            }
            let home = (hash(slot.address) >> 26) as usize & self.mask;
            if index.wrapping_sub(home) & self.mask >= index.wrapping_sub(gap) & self.mask {
                *self.slot(gap) = slot;
                gap = index;
            }
        }
        *self.slot(gap) = Slot {
            address: 0,
            block: Block {
                stack: null(),
                size: 0,
                iteration: 0,
            },
        };
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> bool {
        let (old, old_count) = (self.slots, self.slot_count());
        let count = if old_count == 0 {
            FIRST_SLOTS
        } else {
            old_count * 2
        };
        let Some(slots) = pages::map(count * size_of::<Slot>()) else {
            return false;
        };
        self.slots = slots.cast().as_ptr();
        self.mask = count - 1;
        for index in 0..old_count {
            // SAFETY: the old table has that many slots.
            let slot = unsafe { *old.add(index) };
            if slot.address != 0 {
                self.place(hash(slot.address), slot);
            }
        }
        if let Some(old) = NonNull::new(old) {
            // SAFETY: every slot has been moved to the new table.
            unsafe { pages::unmap(old.cast(), old_count * size_of::<Slot>()) };
        }
        true
    }
}
