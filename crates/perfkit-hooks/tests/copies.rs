//! Copies are counted exactly, and large ones lead to the function that made them.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up or found fails the test"
)]

mod alone;

use std::alloc::System;
use std::hint::black_box;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::availability::availability;
use perfkit_hooks::counters::{CopyCounters, Counters};
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};
use perfkit_hooks::stacks::{Event, stacks};

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

#[inline(never)]
fn copy(to: &mut [u8], from: &[u8]) {
    to.copy_from_slice(from);
    black_box(to);
}

#[inline(never)]
fn shift(bytes: &mut [u8], by: usize) {
    let end = bytes.len() - by;
    bytes.copy_within(..end, by);
    black_box(bytes);
}

fn measured(work: impl FnOnce()) -> Counters {
    begin();
    work();
    end()
}

/// Every length up to 600, at overlapping offsets in both directions, against a byte-wise copy.
fn check_contents() {
    let source: Vec<u8> = (0..5000_u32)
        .map(|value| (value * 7 + value / 256) as u8)
        .collect();
    for length in (0..600).chain([1000, 2047, 2048, 2049, 3333]) {
        for (from, to) in [
            (0, 0),
            (0, 1),
            (1, 0),
            (3, 20),
            (20, 3),
            (0, 700),
            (700, 0),
            (64, 0),
            (0, 64),
        ] {
            let (from, to, length) = black_box((from, to, length));
            let mut expected = source.clone();
            for (to, from) in expected[to..].iter_mut().zip(&source[from..from + length]) {
                *to = *from;
            }
            let mut moved = source.clone();
            moved.copy_within(from..from + length, to);
            assert_eq!(moved, expected, "{length} bytes from {from} to {to}");
        }
        let mut copied = vec![0; length + 2];
        copied[1..=length].copy_from_slice(&source[3..3 + length]);
        assert_eq!(copied[1..=length], source[3..3 + length]);
        assert_eq!((copied[0], copied[length + 1]), (0, 0));
    }
}

#[test]
fn copies() {
    alone::run("copies", measure);
}

fn measure() {
    assert_eq!(
        availability()
            .iter()
            .find(|row| row.name == "memcpy")
            .unwrap()
            .missing,
        None
    );
    check_contents();
    let source = vec![7_u8; 100_000];
    let mut target = vec![0_u8; 100_000];

    prepare(Recording {
        memcpy: true,
        ..Recording::default()
    });
    let lengths: Vec<usize> = (0..200).map(|index| index * 37 % 5000).collect();
    let counted = measured(|| {
        for length in &lengths {
            let length = black_box(*length);
            copy(&mut target[..length], &source[..length]);
        }
    });
    let bytes = lengths.iter().sum::<usize>() as u64;
    assert_eq!(counted.memcpy, CopyCounters { calls: 200, bytes });
    assert_eq!(counted.memmove, CopyCounters::default());

    let counted = measured(|| {
        for by in 1..=50 {
            shift(black_box(&mut target), by);
        }
    });
    assert_eq!(
        counted.memmove,
        CopyCounters {
            calls: 50,
            bytes: (1..=50).map(|by| 100_000 - by).sum()
        }
    );
    assert_eq!(counted.memcpy, CopyCounters::default());
    finish();

    // Outside an iteration nothing is counted, and the contents are right while armed, too.
    copy(&mut target, &source);
    prepare(Recording {
        memcpy: true,
        stacks: true,
        stack_threshold: 1000,
        ..Recording::default()
    });
    begin();
    check_contents();
    end();
    prepare(Recording {
        memcpy: true,
        stacks: true,
        stack_threshold: 1000,
        ..Recording::default()
    });
    let counted = measured(|| {
        // By reference, since an unoptimised build copies an array that is iterated by value.
        for length in &[999, 1000, 1000, 12_345] {
            let length = black_box(*length);
            copy(&mut target[..length], &source[..length]);
        }
        shift(black_box(&mut target), black_box(1));
    });
    finish();
    assert_eq!(
        counted.memcpy,
        CopyCounters {
            calls: 4,
            bytes: 15_344
        }
    );
    assert_eq!((counted.dropped, counted.truncated), (0, 0));
    let all = stacks();
    assert_eq!(
        all.iter().map(|record| record.calls).sum::<u64>(),
        4,
        "{all:?}"
    );
    // In an unoptimised build the calling function is one of std's; its caller is within reach only by symbols.
    let innermost = |event| {
        all.iter()
            .find(|record| record.event == event)
            .unwrap()
            .frames[0]
    };
    let near = |address: usize, function: usize| {
        cfg!(debug_assertions) || (function..function + 256).contains(&address)
    };
    assert!(near(innermost(Event::Memcpy), copy as *const () as usize));
    assert!(near(innermost(Event::Memmove), shift as *const () as usize));
    let totals = |event| {
        let matching = all.iter().filter(|record| record.event == event);
        matching.fold((0, 0), |(calls, bytes), record| {
            (calls + record.calls, bytes + record.bytes)
        })
    };
    assert_eq!(totals(Event::Memcpy), (3, 14_345));
    assert_eq!(totals(Event::Memmove), (1, 99_999));
}
