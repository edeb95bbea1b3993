//! Weights by call stack, for one thread: an index with open addressing over entries that never move.
//!
//! The owner finds and adds without a lock. Others read the entries, block by block, up to what the owner has
//! published; the index is the owner's alone.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicPtr, AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

use crate::errno;
use crate::pages;

/// Slots of the first index; it doubles when half full.
const FIRST_SLOTS: usize = 1 << 10;
/// Size of an entry block, in bytes. Pages are only taken when touched.
const BLOCK: usize = 256 << 10;
/// Set in [`StackEntry::depth`] when the root of the stack is missing.
const TRUNCATED: u32 = 1 << 31;

/// One call stack and what was counted for it. The frames follow in memory.
#[repr(C)]
pub(crate) struct StackEntry {
    pub(crate) event: u32,
    depth: u32,
    pub(crate) calls: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Live bytes in snapshot number `peak_snapshot`, written by the thread that takes it.
    pub(crate) peak_bytes: AtomicU64,
    pub(crate) peak_snapshot: AtomicU64,
}

impl StackEntry {
    /// The return addresses, innermost first.
    pub(crate) fn frames(&self) -> &[usize] {
        // SAFETY: `StackTable::insert` wrote that many frames behind the entry before it published it.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).add(1).cast(), self.length()) }
    }

    /// Whether frames at the root are missing.
    pub(crate) fn truncated(&self) -> bool {
        self.depth & TRUNCATED != 0
    }

    fn length(&self) -> usize {
        (self.depth & !TRUNCATED) as usize
    }
}

/// The stacks of one thread. Zeroed memory is an empty table.
#[repr(C)]
pub(crate) struct StackTable {
    slots: Cell<*mut Slot>,
    mask: Cell<usize>,
    used: Cell<usize>,
    first: AtomicPtr<Block>,
    last: Cell<*mut Block>,
}

struct Slot {
    key: Cell<u64>,
    entry: Cell<*const StackEntry>,
}

#[repr(C)]
struct Block {
    next: AtomicPtr<Block>,
    /// Bytes in use, this header included.
    used: AtomicUsize,
}

impl StackTable {
    /// The entry of the stack with this hash, which is made from `frames` when it is new; `None` without memory.
    ///
    /// Stacks are told apart by a hash of 64 bits alone: with 100,000 stacks two of them are taken for one with a
    /// probability of 3e-10, and comparing the frames would cost as much as the walk.
    #[inline]
    pub(crate) fn entry(
        &self,
        hash: u64,
        event: u32,
        frames: &[Cell<usize>],
        truncated: bool,
    ) -> Option<&'static StackEntry> {
        // 0 marks an empty slot.
        let key = hash | 1;
        let slots = self.slots.get();
        if !slots.is_null() {
            let mask = self.mask.get();
            let mut index = (hash >> 32) as usize & mask;
            loop {
                // SAFETY: the index is masked to the number of slots.
                let slot = unsafe { &*slots.add(index) };
                if slot.key.get() == key {
                    // SAFETY: a slot with a key has an entry, and entries stay mapped.
                    return Some(unsafe { &*slot.entry.get() });
                }
                if slot.key.get() == 0 {
                    break;
                }
                index = (index + 1) & mask;
            }
        }
        self.insert(key, event, frames, truncated)
    }

    #[cold]
    #[inline(never)]
    fn insert(
        &self,
        key: u64,
        event: u32,
        frames: &[Cell<usize>],
        truncated: bool,
    ) -> Option<&'static StackEntry> {
        errno::preserved(|| {
            if (self.used.get() + 1) * 2 > self.mask.get() {
                self.grow()?;
            }
            let size = size_of::<StackEntry>() + size_of_val(frames);
            let block = self.block_with_room(size)?;
            let used = block.used.load(Relaxed);
            // SAFETY: the block has room for `size` bytes at `used`, which is a multiple of 8.
            let entry = unsafe {
                std::ptr::from_ref(block)
                    .cast_mut()
                    .byte_add(used)
                    .cast::<StackEntry>()
            };
            let depth = frames.len() as u32 | if truncated { TRUNCATED } else { 0 };
            // SAFETY: see above; nobody reads it before it is published. The frames are stored one by one as
            // atomics, since the compiler would turn a plain loop into a call of memcpy, which is what we count.
            unsafe {
                (&raw mut (*entry).event).write(event);
                (&raw mut (*entry).depth).write(depth);
                for cell in [
                    &raw const (*entry).calls,
                    &raw const (*entry).bytes,
                    &raw const (*entry).peak_bytes,
                    &raw const (*entry).peak_snapshot,
                ] {
                    (*cell).store(0, Relaxed);
                }
                let first = entry.add(1).cast::<AtomicUsize>();
                for (index, frame) in frames.iter().enumerate() {
                    (*first.add(index)).store(frame.get(), Relaxed);
                }
            }
            block.used.store(used + size, Release);
            self.place(key, entry);
            self.used.set(self.used.get() + 1);
            // SAFETY: just written, and entries stay mapped.
            Some(unsafe { &*entry })
        })
    }

    fn place(&self, key: u64, entry: *const StackEntry) {
        let mask = self.mask.get();
        let mut index = (key >> 32) as usize & mask;
        loop {
            // SAFETY: the index is masked to the number of slots.
            let slot = unsafe { &*self.slots.get().add(index) };
            if slot.key.get() == 0 {
                slot.entry.set(entry);
                slot.key.set(key);
                return;
            }
            index = (index + 1) & mask;
        }
    }

    fn grow(&self) -> Option<()> {
        let (old, old_count) = (self.slots.get(), self.slot_count());
        let count = if old_count == 0 {
            FIRST_SLOTS
        } else {
            old_count * 2
        };
        self.slots
            .set(pages::map(count * size_of::<Slot>())?.cast().as_ptr());
        self.mask.set(count - 1);
        for index in 0..old_count {
            // SAFETY: the old index has that many slots.
            let slot = unsafe { &*old.add(index) };
            if slot.key.get() != 0 {
                self.place(slot.key.get(), slot.entry.get());
            }
        }
        if let Some(old) = NonNull::new(old) {
            // SAFETY: only the owner, which is here, uses the index.
            unsafe { pages::unmap(old.cast(), old_count * size_of::<Slot>()) };
        }
        Some(())
    }

    fn slot_count(&self) -> usize {
        if self.slots.get().is_null() {
            0
        } else {
            self.mask.get() + 1
        }
    }

    fn block_with_room(&self, size: usize) -> Option<&'static Block> {
        // SAFETY: blocks stay mapped.
        if let Some(last) = unsafe { self.last.get().as_ref() } {
            if last.used.load(Relaxed) + size <= BLOCK {
                return Some(last);
            }
            // After `clear` there may be a block left over.
            // SAFETY: as above.
            if let Some(next) = unsafe { last.next.load(Relaxed).as_ref() } {
                self.last.set(std::ptr::from_ref(next).cast_mut());
                return Some(next);
            }
        }
        let block = pages::map(BLOCK)?.cast::<Block>();
        // SAFETY: the mapping is large enough, zeroed is a valid value, and it is never unmapped.
        let block: &'static Block = unsafe { block.as_ref() };
        block.used.store(size_of::<Block>(), Relaxed);
        let pointer = std::ptr::from_ref(block).cast_mut();
        // SAFETY: blocks stay mapped.
        match unsafe { self.last.get().as_ref() } {
            Some(last) => last.next.store(pointer, Release),
            None => self.first.store(pointer, Release),
        }
        self.last.set(pointer);
        Some(block)
    }

    /// Calls `visit` with every stack; any thread may.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&'static StackEntry)) {
        let mut block = self.first.load(Acquire);
        // SAFETY: blocks stay mapped.
        while let Some(current) = unsafe { block.as_ref() } {
            let end = current.used.load(Acquire);
            let mut offset = size_of::<Block>();
            while offset < end {
                // SAFETY: an entry starts at each offset below the published end.
                let entry = unsafe { &*block.byte_add(offset).cast::<StackEntry>() };
                offset += size_of::<StackEntry>() + entry.length() * size_of::<usize>();
                visit(entry);
            }
            block = current.next.load(Acquire);
        }
    }

    /// Forgets all stacks and keeps the memory. The owner must not be recording.
    pub(crate) fn clear(&self) {
        for index in 0..self.slot_count() {
            // SAFETY: the index has that many slots.
            let slot = unsafe { &*self.slots.get().add(index) };
            slot.key.set(0);
        }
        self.used.set(0);
        let mut block = self.first.load(Acquire);
        self.last.set(block);
        // SAFETY: blocks stay mapped.
        while let Some(current) = unsafe { block.as_ref() } {
            current.used.store(size_of::<Block>(), Release);
            block = current.next.load(Acquire);
        }
    }
}
