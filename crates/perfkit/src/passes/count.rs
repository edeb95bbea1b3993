//! The counting pass: allocator, copy and I/O hooks, armed only while the body is polled.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use perfkit_hooks::availability::availability;
use perfkit_hooks::counters::{Counters, Operation};
use perfkit_hooks::os;
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
    lenses: Vec<String>,
    recording: Recording,
    rows: Vec<BTreeMap<String, f64>>,
    counters: Counters,
    began: (Duration, Instant),
    took: (Duration, Duration),
    dropped: u64,
    truncated: u64,
    notes: Vec<String>,
}

impl Count {
    pub(crate) fn new(measure: &Measure) -> Self {
        Self {
            iterations: measure.iterations.max(1) as usize,
            lenses: measure.lenses.clone(),
            recording: Recording::default(),
            rows: Vec::new(),
            counters: Counters::default(),
            began: (Duration::ZERO, Instant::now()),
            took: (Duration::ZERO, Duration::ZERO),
            dropped: 0,
            truncated: 0,
            notes: Vec::new(),
        }
    }

    /// Whether a lens is wanted and works here. One that does not leaves a note, and the others stand.
    fn sees(&mut self, lens: &str) -> bool {
        if !self.lenses.iter().any(|wanted| wanted == lens) {
            return false;
        }
        let missing = match lens {
            "heap" if !heap_is_hooked() => Some(
                "this bench target does not allocate through perfkit; `cargo perfkit explain allocator` shows how it can",
            ),
            _ => missing(lens),
        };
        self.notes
            .extend(missing.map(|reason| format!("not available: {lens}; {reason}")));
        missing.is_none()
    }
}

/// Why the hooks cannot record something in this build.
fn missing(name: &str) -> Option<&'static str> {
    availability()
        .into_iter()
        .find(|row| row.name == name)?
        .missing
}

/// Whether the program's global allocator is the hooked one, found out by an allocation.
fn heap_is_hooked() -> bool {
    recording::prepare(Recording {
        heap: true,
        ..Recording::default()
    });
    recording::begin();
    drop(black_box(Box::new(1_u8)));
    let counted = recording::end().heap.allocs;
    recording::finish();
    counted > 0
}

impl Meter for Count {
    fn prepare(&mut self) -> Result<(), Failure> {
        self.rows.reserve(self.iterations);
        let heap = self.sees("heap");
        let (memcpy, io) = (self.sees("memcpy"), self.sees("io"));
        if !(heap || memcpy || io) {
            return Err(Failure::NotAvailable {
                message: self.notes.join("; "),
            });
        }
        self.notes
            .extend(missing("stacks").map(|reason| format!("stacks are cut: {reason}")));
        self.recording = Recording {
            heap,
            memcpy,
            io,
            stacks: true,
            stack_threshold: STACK_THRESHOLD,
            live_map: heap,
        };
        recording::prepare(self.recording);
        Ok(())
    }

    fn wants_more(&mut self) -> bool {
        self.rows.len() < self.iterations
    }

    fn begin(&mut self) {
        self.began = (os::process_cpu_time().unwrap_or_default(), Instant::now());
        recording::begin();
    }

    fn end(&mut self) {
        self.counters = recording::end();
        let cpu = os::process_cpu_time().unwrap_or_default();
        self.took = (cpu.saturating_sub(self.began.0), self.began.1.elapsed());
    }

    fn settle(&mut self) {
        let counters = &self.counters;
        // Asked first: the row below is a heap block, too.
        let live = recording::live_bytes();
        let mut row = BTreeMap::new();
        let mut set = |metric: &str, value: f64| {
            row.insert(metric.to_owned(), value);
        };
        if self.recording.heap {
            let heap = &counters.heap;
            set("heap.allocs", heap.allocs as f64);
            set("heap.reallocs", heap.reallocs as f64);
            set("heap.bytes", heap.bytes as f64);
            set("heap.peak", (heap.peak - heap.live_at_begin) as f64);
            set("heap.retained", (live - heap.live_at_begin) as f64);
        }
        if self.recording.memcpy {
            set(
                "memcpy.calls",
                (counters.memcpy.calls + counters.memmove.calls) as f64,
            );
            set(
                "memcpy.bytes",
                (counters.memcpy.bytes + counters.memmove.bytes) as f64,
            );
        }
        if self.recording.io {
            set(
                "io.calls",
                counters.io.iter().map(|io| io.calls).sum::<u64>() as f64,
            );
            set("io.bytes", io_bytes(counters) as f64);
        }
        // What counting costs, for perfkit's own benchmark. The catalogue has no such metrics: no time that a user
        // gets to see comes from an instrumented pass.
        set("count.cpu", self.took.0.as_nanos() as f64);
        set("count.wall", self.took.1.as_nanos() as f64);
        self.rows.push(row);
        self.dropped += counters.dropped;
        self.truncated += counters.truncated;
    }

    fn stop(&mut self) {
        recording::finish();
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.columns = COLUMNS.map(str::to_owned).to_vec();
        part.dropped = self.dropped;
        part.truncated = self.truncated;
        part.notes.extend(self.notes);
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
        Ok(())
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
