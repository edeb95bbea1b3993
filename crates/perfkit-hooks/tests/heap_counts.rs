//! Allocations of a known sequence are counted exactly.

#![expect(
    unsafe_code,
    reason = "the C functions under test are called as C code would call them"
)]

mod alone;

use std::alloc::{Layout, System, alloc, alloc_zeroed, dealloc, realloc};
use std::hint::black_box;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::counters::HeapCounters;
use perfkit_hooks::recording::{Recording, begin, end, finish, live_bytes, prepare};
use perfkit_hooks::stacks::stacks;

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

/// Allocates 1,000 and 500 bytes, grows the first to 3,000, shrinks it to 100, and frees both.
fn sequence() {
    let layout = |size| Layout::from_size_align(size, 8).expect("a small size");
    // SAFETY: each block is used with the layout it has at that time, and freed once.
    unsafe {
        let first = alloc(layout(black_box(1000)));
        let second = alloc_zeroed(layout(black_box(500)));
        let first = realloc(first, layout(1000), 3000);
        let first = realloc(first, layout(3000), 100);
        dealloc(black_box(second), layout(500));
        dealloc(black_box(first), layout(100));
    }
}

#[test]
fn heap() {
    alone::run("heap", measure);
}

fn measure() {
    // Nothing is counted before a recording, nor outside its iterations.
    sequence();
    prepare(Recording {
        heap: true,
        ..Recording::default()
    });
    sequence();
    begin();
    let nothing = end();
    assert_eq!(nothing.heap, HeapCounters::default());

    begin();
    sequence();
    let counted = end();
    assert_eq!(
        counted.heap,
        HeapCounters {
            allocs: 4,
            reallocs: 2,
            frees: 2,
            bytes: 4600,
            peak: 3500,
            live_at_begin: 0,
            live_at_end: 0
        }
    );
    assert_eq!((counted.dropped, counted.truncated), (0, 0));

    // Live bytes go on between iterations: what is freed there is not retained.
    begin();
    let block = black_box(vec![1_u8; 70_000]);
    let counted = end();
    assert_eq!(
        (counted.heap.peak, counted.heap.live_at_end),
        (70_000, 70_000)
    );
    drop(block);
    assert_eq!(live_bytes(), 0);
    finish();
    assert!(stacks().is_empty());
}
