//! Tables survive their threads, are reused, and are exact under four busy threads; a fork is safe.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up or found fails the test"
)]
#![expect(
    unsafe_code,
    reason = "the C functions under test are called as C code would call them"
)]

mod alone;

use std::alloc::System;
use std::hint::black_box;
use std::sync::Barrier;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::recording::{
    Recording, begin, end, finish, live_bytes, prepare, retained, tables,
};
use perfkit_hooks::stacks::{Event, stacks};

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

/// Allocates, resizes, copies and frees at random sizes, and returns what should have been counted: blocks, bytes,
/// frees, copies, copied bytes.
fn stress(seed: u64, rounds: u32) -> [u64; 5] {
    let mut state = seed;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let [mut blocks, mut bytes, mut frees, mut copies, mut copied] = [0; 5];
    // In place, since moving the array would be one more copy above the threshold.
    let mut live = [const { None::<Vec<u8>> }; 64];
    for _ in 0..rounds {
        let place = random(64) as usize;
        match live[place].take() {
            None => {
                let size = random(5000) + 1;
                live[place] = Some(Vec::with_capacity(black_box(size as usize)));
                blocks += 1;
                bytes += size;
            }
            Some(mut block) if random(3) == 0 => {
                let size = block.capacity() as u64 + random(5000) + 1;
                block.reserve_exact(black_box(size as usize));
                blocks += 1;
                bytes += size;
                live[place] = Some(block);
            }
            Some(block) => {
                let size = block.capacity().min(random(3000) as usize + 300);
                if size >= 300 {
                    let mut target = [0; 3300];
                    // SAFETY: the block has that capacity; its contents are made defined first.
                    unsafe {
                        let from = block.as_ptr().cast_mut();
                        std::ptr::write_bytes(from, 1, size);
                        libc::memcpy(target.as_mut_ptr().cast(), from.cast(), black_box(size));
                    }
                    black_box(&mut target);
                    copies += 1;
                    copied += size as u64;
                }
                drop(black_box(block));
                frees += 1;
            }
        }
    }
    frees += live.iter().flatten().count() as u64;
    [blocks, bytes, frees, copies, copied]
}

#[test]
fn threads() {
    alone::run("threads", measure);
}

fn measure() {
    // Threads that run one after the other share one table, besides this thread's and the test harness's.
    prepare(Recording {
        heap: true,
        memcpy: true,
        io: true,
        stacks: true,
        live_map: true,
        ..Recording::default()
    });
    let before = tables();
    begin();
    for _ in 0..50 {
        std::thread::spawn(|| drop(black_box(vec![0_u8; 100])))
            .join()
            .unwrap();
    }
    let counted = end();
    assert!(tables() <= before + 3, "{} tables after {before}", tables());
    assert!(counted.heap.allocs >= 50 * 2);
    assert_eq!(counted.dropped, 0);
    finish();

    prepare(Recording {
        heap: true,
        memcpy: true,
        stacks: true,
        live_map: true,
        stack_threshold: 300,
        ..Recording::default()
    });
    let [ready, start, stop, leave] = [5; 4].map(Barrier::new);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|index| {
                let [ready, start, stop, leave] = [&ready, &start, &stop, &leave];
                scope.spawn(move || {
                    ready.wait();
                    start.wait();
                    let expected = stress(0x5EED + index, 100_000);
                    stop.wait();
                    leave.wait();
                    expected
                })
            })
            .collect();
        // The workers stand at a barrier, where nothing is allocated, while this thread begins and ends.
        ready.wait();
        begin();
        start.wait();
        stop.wait();
        let counted = end();
        leave.wait();
        let mut expected = [0; 5];
        for worker in workers {
            for (sum, value) in expected.iter_mut().zip(worker.join().unwrap()) {
                *sum += value;
            }
        }
        let heap = counted.heap;
        assert_eq!([heap.allocs, heap.bytes, heap.frees], expected[..3]);
        // An unoptimised build copies more than what the workers do themselves, in small pieces.
        assert!(counted.memcpy.calls >= expected[3] && counted.memcpy.bytes >= expected[4]);
        assert_eq!(
            (counted.dropped, heap.live_at_end - heap.live_at_begin),
            (0, 0)
        );
        assert!(heap.peak > 64 * 1000);
        let all = stacks();
        let sum = |event| {
            let matching = all.iter().filter(|record| record.event == event);
            matching.fold([0, 0], |[calls, bytes], record| {
                [calls + record.calls, bytes + record.bytes]
            })
        };
        // In a static program the copies of libc's own realloc come through here, too.
        if !cfg!(target_feature = "crt-static") {
            assert_eq!(sum(Event::Memcpy), expected[3..]);
        }
        assert_eq!(sum(Event::Alloc), expected[..2]);
        assert_eq!(retained(), (0, 0));
    });
    finish();

    // A child that is forked in the middle of an iteration counts nothing and can use everything.
    prepare(Recording {
        heap: true,
        memcpy: true,
        io: true,
        stacks: true,
        live_map: true,
        ..Recording::default()
    });
    begin();
    // SAFETY: the child only allocates, copies, forks once more and exits.
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            let before = live_bytes();
            let grandchild = libc::fork();
            stress(1, 1000);
            if grandchild == 0 {
                libc::_exit(if live_bytes() == before { 7 } else { 1 });
            }
            let mut status = 0;
            libc::waitpid(grandchild, &raw mut status, 0);
            libc::_exit(
                if live_bytes() == before && libc::WEXITSTATUS(status) == 7 {
                    7
                } else {
                    2
                },
            );
        }
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0);
        status
    };
    let counted = end();
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7,
        "{status:#x}"
    );
    assert_eq!((counted.heap.allocs, counted.dropped), (0, 0));
    finish();
}
