//! The counting pass: allocator, copy and I/O hooks, armed only while the body is polled.

use std::collections::BTreeMap;

use perfkit_hooks::counters::{Counters, Operation};
use perfkit_hooks::recording::{self, Recording};
use perfkit_hooks::stacks::{self, Event};
use perfkit_model::part::{Part, RawStack};
use perfkit_model::request::Measure;

use crate::drive::Failure;
use crate::passes::Meter;

/// Copies below this are counted without their stack: they are many, and their sum is small.
const STACK_THRESHOLD: usize = 256;

/// Columns of the stacks, in the order [`column`] gives them out.
const COLUMNS: [&str; 8] = [
    "heap.allocs",
    "heap.bytes",
    "heap.retained",
    "heap.peak",
    "memcpy.calls",
    "memcpy.bytes",
    "io.calls",
    "io.bytes",
];

pub(crate) struct Count {
    iterations: usize,
    heap: bool,
    memcpy: bool,
    io: bool,
    rows: Vec<BTreeMap<String, f64>>,
    counters: Counters,
    dropped: u64,
    truncated: u64,
}

impl Count {
    /// `allocator` tells whether the bench target allocates through the hooks.
    pub(crate) fn new(measure: &Measure, allocator: bool) -> Self {
        let wants = |lens: &str| measure.lenses.iter().any(|wanted| wanted == lens);
        Self {
            iterations: measure.iterations.max(1) as usize,
            heap: allocator && wants("heap"),
            memcpy: wants("memcpy"),
            io: wants("io"),
            rows: Vec::new(),
            counters: Counters::default(),
            dropped: 0,
            truncated: 0,
        }
    }
}

impl Meter for Count {
    fn prepare(&mut self) -> Result<(), Failure> {
        self.rows.reserve(self.iterations);
        recording::prepare(Recording {
            heap: self.heap,
            memcpy: self.memcpy,
            io: self.io,
            stacks: true,
            stack_threshold: STACK_THRESHOLD,
            live_map: self.heap,
        });
        Ok(())
    }

    fn wants_more(&self) -> bool {
        self.rows.len() < self.iterations
    }

    fn begin(&mut self) {
        recording::begin();
    }

    fn end(&mut self) {
        self.counters = recording::end();
    }

    fn settle(&mut self) {
        let counters = &self.counters;
        // Asked first: the row below is a heap block, too.
        let live = recording::live_bytes();
        let mut row = BTreeMap::new();
        let mut set = |metric: &str, value: f64| {
            row.insert(metric.to_owned(), value);
        };
        if self.heap {
            let heap = &counters.heap;
            set("heap.allocs", heap.allocs as f64);
            set("heap.reallocs", heap.reallocs as f64);
            set("heap.bytes", heap.bytes as f64);
            set("heap.peak", (heap.peak - heap.live_at_begin) as f64);
            set("heap.retained", (live - heap.live_at_begin) as f64);
        }
        if self.memcpy {
            set(
                "memcpy.calls",
                (counters.memcpy.calls + counters.memmove.calls) as f64,
            );
            set(
                "memcpy.bytes",
                (counters.memcpy.bytes + counters.memmove.bytes) as f64,
            );
        }
        if self.io {
            set(
                "io.calls",
                counters.io.iter().map(|io| io.calls).sum::<u64>() as f64,
            );
            set("io.bytes", io_bytes(counters) as f64);
        }
        self.rows.push(row);
        self.dropped += counters.dropped;
        self.truncated += counters.truncated;
    }

    fn stop(&mut self) {
        recording::finish();
    }

    fn fill(self: Box<Self>, part: &mut Part) {
        part.columns = COLUMNS.map(str::to_owned).to_vec();
        part.dropped = self.dropped;
        part.truncated = self.truncated;
        part.iterations = self.rows;
        part.stacks = stacks::stacks()
            .into_iter()
            .map(|record| {
                let first = column(record.event);
                let bytes = if counts_bytes(record.event) {
                    record.bytes
                } else {
                    0
                };
                let mut weights = vec![(first, record.calls), (first + 1, bytes)];
                if first == 0 {
                    weights.push((2, record.live_bytes));
                    weights.push((3, record.peak_bytes));
                }
                weights.retain(|(_, weight)| *weight > 0);
                RawStack {
                    frames: record.frames.iter().map(|frame| *frame as u64).collect(),
                    exact_leaf: false,
                    thread: None,
                    operation: match record.event {
                        Event::Io(operation) => Some(operation.name().to_owned()),
                        _ => None,
                    },
                    weights,
                }
            })
            .collect();
        part.stacks
            .sort_by(|left, right| left.frames.cmp(&right.frames));
    }
}

/// Index of an event's first column, its calls; its bytes follow.
fn column(event: Event) -> u16 {
    match event {
        Event::Alloc => 0,
        Event::Memcpy | Event::Memmove => 4,
        Event::Io(_) => 6,
    }
}

/// Bytes that I/O moved; the waiting functions return a number of events.
fn io_bytes(counters: &Counters) -> u64 {
    Operation::ALL
        .into_iter()
        .filter(|operation| counts_bytes(Event::Io(*operation)))
        .map(|operation| counters.operation(operation).bytes)
        .sum()
}

fn counts_bytes(event: Event) -> bool {
    !matches!(
        event,
        Event::Io(Operation::EpollWait | Operation::EpollPwait | Operation::Futex)
    )
}
