//! What is retained, what is live at the peak, and what is copied leads to the stack it came from.
//!
//! Stacks need frame pointers, which a test cannot ask for: built without them, this test builds and runs itself with
//! them.

mod alone;

use std::alloc::System;
use std::hint::black_box;
use std::process::Command;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::availability::frame_pointers;
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare, retained};
use perfkit_hooks::stacks::{Event, MAXIMUM_DEPTH, StackRecord, peak_snapshot, stacks};

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

const FLAG: &str = "-Cforce-frame-pointers=yes";

#[test]
fn by_stack() {
    if frame_pointers() {
        alone::run("by_stack", || {
            heap_by_stack();
            copies_by_stack();
        });
        return;
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    assert!(
        !flags.contains(FLAG),
        "frame pointers were asked for and not found"
    );
    let mut target = std::env::current_exe().unwrap();
    assert!(target.pop() && target.pop() && target.pop());
    let status = Command::new(env!("CARGO"))
        .args([
            "test",
            "--quiet",
            "--release",
            "--package",
            env!("CARGO_PKG_NAME"),
            "--test",
            "by_stack",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target.join("frame-pointers"))
        .env("RUSTFLAGS", FLAG)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[inline(never)]
fn keep(into: &mut Vec<Vec<u8>>, size: usize) {
    into.push(Vec::with_capacity(black_box(size)));
}

#[inline(never)]
fn peak_and_drop(size: usize) {
    drop(black_box(Vec::<u8>::with_capacity(black_box(size))));
}

fn record(all: &[StackRecord], what: impl Fn(&StackRecord) -> bool) -> StackRecord {
    let found: Vec<_> = all.iter().filter(|record| what(record)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn heap_by_stack() {
    // Two iterations retain one block each, one of them is freed later; the peak is 50,000 above that.
    prepare(Recording {
        heap: true,
        stacks: true,
        live_map: true,
        ..Recording::default()
    });
    let mut kept = Vec::with_capacity(16);
    let mut peaks = Vec::with_capacity(3);
    // An unrolled loop would be several stacks.
    for _ in 0..black_box(3) {
        begin();
        peak_and_drop(20_000);
        keep(&mut kept, 1001);
        keep(&mut kept, 2002);
        peak_and_drop(50_000);
        peaks.push(end().heap);
    }
    assert_eq!(retained(), (6, 9009));
    // Each pair was kept at two calls; blocks 0, 2 and 4 have 1,001 bytes.
    kept.remove(0);
    assert_eq!(retained(), (5, 8008));
    finish();
    let all = stacks();
    let one = record(&all, |record| record.bytes == 3 * 1001);
    assert_eq!(
        (one.event, one.calls, one.live_bytes, one.live_bytes_later),
        (Event::Alloc, 3, 2002, 2002)
    );
    let two = record(&all, |record| record.bytes == 3 * 2002);
    assert_eq!(
        (two.calls, two.live_bytes, two.live_bytes_later),
        (3, 6006, 4004)
    );
    // The second iteration knew the peak of the first, when 1,001 + 2,002 + 50,000 had been added to what was live.
    let big = record(&all, |record| record.bytes == 150_000);
    assert_eq!((big.peak_bytes, big.live_bytes), (50_000, 0));
    assert_eq!((one.peak_bytes, two.peak_bytes), (2002, 4004));
    assert_eq!(record(&all, |record| record.bytes == 60_000).peak_bytes, 0);
    assert_eq!(peak_snapshot(), Some(peaks[1].peak));
    assert_eq!(
        peaks
            .iter()
            .map(|heap| heap.peak - heap.live_at_begin)
            .collect::<Vec<_>>(),
        [53_003; 3]
    );

    // A block that another thread frees, and one that grows, leave the right stack.
    prepare(Recording {
        heap: true,
        stacks: true,
        live_map: true,
        ..Recording::default()
    });
    begin();
    let given_away = Vec::<u8>::with_capacity(black_box(7777));
    let mut grown = Vec::<u8>::with_capacity(black_box(8888));
    end();
    std::thread::spawn(move || drop(black_box(given_away)))
        .join()
        .expect("the thread only drops");
    grown.reserve_exact(black_box(9999));
    assert_eq!(retained(), (1, 9999));
    finish();
    let all = stacks();
    assert_eq!(record(&all, |record| record.bytes == 7777).live_bytes, 0);
    assert_eq!(record(&all, |record| record.bytes == 8888).live_bytes, 9999);
}

#[inline(never)]
fn copy(to: &mut [u8], from: &[u8]) {
    to.copy_from_slice(from);
    black_box(to);
}

#[inline(never)]
fn nested(depth: usize, to: &mut [u8], from: &[u8]) {
    if depth == 0 {
        copy(to, from)
    } else {
        nested(depth - 1, to, from)
    }
    // Not a tail call.
    black_box(depth);
}

fn copies_by_stack() {
    let source = vec![7_u8; 5000];
    let mut target = vec![0_u8; 5000];
    prepare(Recording {
        memcpy: true,
        stacks: true,
        ..Recording::default()
    });
    begin();
    for depth in black_box(&[3, 3, 20, 200]) {
        let size = 1000 + depth;
        nested(*depth, &mut target[..size], &source[..size]);
    }
    let counted = end();
    finish();
    assert_eq!(
        (counted.memcpy.calls, counted.dropped, counted.truncated),
        (4, 0, 1)
    );
    let all = stacks();
    let within = |address: usize, function: *const ()| {
        (function as usize..function as usize + 256).contains(&address)
    };
    for (depth, calls) in [(3, 2), (20, 1), (200, 1)] {
        let found = record(&all, |record| record.bytes == calls * (1000 + depth));
        assert_eq!(
            (found.event, found.calls, found.truncated),
            (Event::Memcpy, calls, depth == 200)
        );
        assert!(within(found.frames[0], copy as *const ()));
        let levels = found
            .frames
            .iter()
            .filter(|address| within(**address, nested as *const ()))
            .count();
        // The outermost frames are cut off the deepest one.
        assert_eq!(
            levels,
            if depth == 200 {
                MAXIMUM_DEPTH - 1
            } else {
                depth as usize + 1
            }
        );
        if depth == 200 {
            assert_eq!(found.frames.len(), MAXIMUM_DEPTH);
        }
    }
}
