//! Copies in known and unknown sizes, for comparing our totals with those of `valgrind --tool=dhat --mode=copy`.
//!
//! Writes `memcpy calls, memcpy bytes, memmove calls, memmove bytes` to the file that is named as the argument.

use std::alloc::System;
use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;

use perfkit_hooks::allocator::HookedAllocator;
use perfkit_hooks::recording::{Recording, begin, end, finish, prepare};

#[global_allocator]
static ALLOCATOR: HookedAllocator = HookedAllocator::new(System);

/// Everything between `begin` and `end`; valgrind's totals are restricted to stacks with this function.
#[inline(never)]
fn measured_copies() -> usize {
    let mut text = String::new();
    for index in 0..2000_usize {
        text.push_str(&"abcdefg".repeat(index % 60));
    }
    let bytes = text.into_bytes();
    let mut parts: Vec<Vec<u8>> = bytes.chunks(777).map(<[u8]>::to_vec).collect();
    for index in 0..parts.len() {
        let part = parts.remove(index / 2);
        parts.insert(index / 3, part);
    }
    let joined = parts.concat();
    let mut queue: VecDeque<[u8; 3000]> = VecDeque::new();
    for index in 0..100 {
        queue.push_back(black_box([index; 3000]));
        if index % 3 == 0 {
            black_box(queue.pop_front());
        }
    }
    let mut map = BTreeMap::new();
    for index in 0..1000_u32 {
        map.insert(index.wrapping_mul(2_654_435_761), [index; 40]);
    }
    let mut shifted = joined.clone();
    for by in 1..50 {
        let end = shifted.len() - by;
        shifted.copy_within(..end, by);
    }
    black_box((joined.len(), queue.len(), map.len(), shifted.len())).0
}

fn main() -> std::io::Result<()> {
    prepare(Recording {
        memcpy: true,
        ..Recording::default()
    });
    begin();
    black_box(measured_copies());
    let counters = end();
    finish();
    let (copied, moved) = (counters.memcpy, counters.memmove);
    let totals = format!(
        "{} {} {} {}",
        copied.calls, copied.bytes, moved.calls, moved.bytes
    );
    match std::env::args_os().nth(1) {
        Some(file) => std::fs::write(file, totals),
        None => Ok(()),
    }
}
