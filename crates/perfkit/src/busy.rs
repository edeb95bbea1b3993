//! How busy the processes of a workload are while it iterates.
//!
//! Linux counts the nanoseconds that each thread spent on a processor (`/proc/PID/task/TID/schedstat`, see proc(5)). They are
//! read before and after each iteration, outside of what is measured.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use perfkit_model::run::Busy;

use crate::process;

/// What the measured process is called.
const MEASURED: &str = "workload";

/// A process and one of its threads.
type Thread = (u32, u32);

/// Nanoseconds that each thread spent on a processor.
type Times = BTreeMap<Thread, u64>;

/// Adds up over iterations. Does nothing for a workload of one process.
pub(crate) struct Watch {
    processes: Vec<(u32, String)>,
    names: BTreeMap<Thread, String>,
    before: Times,
    started: Instant,
    spent: Times,
    elapsed: Duration,
    iterations: u32,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            processes: Vec::new(),
            names: BTreeMap::new(),
            before: Times::new(),
            started: Instant::now(),
            spent: Times::new(),
            elapsed: Duration::ZERO,
            iterations: 0,
        }
    }

    /// Looks which processes there are, once the set-up is done.
    pub(crate) fn prepare(&mut self) {
        self.processes = process::running();
        if !self.processes.is_empty() {
            let own = (std::process::id(), MEASURED.to_owned());
            self.processes.insert(0, own);
        }
    }

    pub(crate) fn begin(&mut self) {
        if !self.processes.is_empty() {
            self.before = self.read();
            self.started = Instant::now();
        }
    }

    pub(crate) fn end(&mut self) {
        if self.processes.is_empty() {
            return;
        }
        self.elapsed += self.started.elapsed();
        let after = self.read();
        for (thread, nanoseconds) in after {
            let before = self.before.get(&thread).copied().unwrap_or_default();
            *self.spent.entry(thread).or_default() += nanoseconds.saturating_sub(before);
        }
        self.iterations += 1;
    }

    /// Every process with its time per iteration: the measured one, then the others by their ids.
    pub(crate) fn finish(self) -> Vec<Busy> {
        let elapsed = self.elapsed.as_nanos() as f64;
        if elapsed == 0.0 {
            return Vec::new();
        }
        let busy = |(id, name): &(u32, String)| {
            let threads = || self.spent.iter().filter(|((process, _), _)| process == id);
            let cpu: u64 = threads().map(|(_, nanoseconds)| nanoseconds).sum();
            let (thread, longest) = threads().max_by_key(|(_, nanoseconds)| **nanoseconds)?;
            Some(Busy {
                process: name.clone(),
                cpu: cpu as f64 / f64::from(self.iterations.max(1)),
                share: cpu as f64 / elapsed,
                threads: threads().count() as u32,
                busiest: self.names.get(thread).cloned().unwrap_or_default(),
                busiest_share: *longest as f64 / elapsed,
            })
        };
        self.processes.iter().filter_map(busy).collect()
    }

    /// What the system says now. A thread that ended is left out, and so is the time of one that began and ended between two
    /// readings.
    fn read(&mut self) -> Times {
        let mut times = Times::new();
        for (process, _) in &self.processes {
            let tasks = fs::read_dir(format!("/proc/{process}/task"));
            for task in tasks.into_iter().flatten().flatten() {
                let id = task.file_name().to_str().and_then(|id| id.parse().ok());
                let statistics = fs::read_to_string(task.path().join("schedstat"));
                let (Some(id), Ok(statistics)) = (id, statistics) else {
                    continue;
                };
                let nanoseconds = statistics
                    .split(' ')
                    .next()
                    .and_then(|word| word.parse().ok());
                let thread = (*process, id);
                times.insert(thread, nanoseconds.unwrap_or_default());
                self.names.entry(thread).or_insert_with(|| {
                    let name = fs::read_to_string(task.path().join("comm"));
                    name.unwrap_or_default().trim().to_owned()
                });
            }
        }
        times
    }
}
