//! The pass without instrumentation: CPU time of the process and wall time, per iteration.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use perfkit_hooks::os;
use perfkit_model::part::Part;
use perfkit_model::request::Measure;

use crate::busy::Watch;
use crate::drive::Failure;
use crate::passes::Meter;
use crate::passes::turns::Place;

/// More iterations than this say nothing new.
const MOST_ITERATIONS: usize = 1_000;

pub(crate) struct Time {
    iterations: usize,
    budget: Duration,
    started: Instant,
    mark: Mark,
    rows: Vec<BTreeMap<String, f64>>,
    place: Option<Place>,
    watch: Watch,
}

struct Mark {
    wall: Instant,
    cpu: Duration,
    usage: os::ResourceUsage,
}

impl Mark {
    fn now() -> Self {
        Self {
            usage: os::resource_usage().unwrap_or_default(),
            cpu: os::process_cpu_time().unwrap_or_default(),
            wall: Instant::now(),
        }
    }
}

impl Time {
    pub(crate) fn new(measure: &Measure) -> Self {
        Self {
            iterations: measure.iterations.max(1) as usize,
            budget: Duration::from_millis(measure.budget_milliseconds),
            started: Instant::now(),
            mark: Mark::now(),
            rows: Vec::new(),
            place: measure.turns.clone().map(|turns| Place::new(*turns)),
            watch: Watch::new(),
        }
    }
}

impl Meter for Time {
    fn prepare(&mut self) -> Result<(), Failure> {
        self.rows.reserve(MOST_ITERATIONS);
        self.watch.prepare();
        if let Some(place) = &mut self.place {
            place.take()?;
        }
        self.started = Instant::now();
        Ok(())
    }

    fn wants_more(&mut self) -> bool {
        if let Some(place) = &mut self.place {
            return place.wants_more();
        }
        self.rows.len() < self.iterations
            || (self.rows.len() < MOST_ITERATIONS && self.started.elapsed() < self.budget)
    }

    fn begin(&mut self) {
        self.watch.begin();
        self.mark = Mark::now();
    }

    fn end(&mut self) {
        let wall = self.mark.wall.elapsed();
        let cpu = os::process_cpu_time()
            .unwrap_or_default()
            .saturating_sub(self.mark.cpu);
        let usage = os::resource_usage().unwrap_or_default();
        let before = &self.mark.usage;
        let faults =
            usage.minor_faults + usage.major_faults - before.minor_faults - before.major_faults;
        let switches = usage.voluntary_switches + usage.involuntary_switches
            - before.voluntary_switches
            - before.involuntary_switches;
        self.rows.push(BTreeMap::from([
            ("time.wall".to_owned(), wall.as_nanos() as f64),
            ("time.cpu".to_owned(), cpu.as_nanos() as f64),
            ("os.page-faults".to_owned(), faults as f64),
            ("os.context-switches".to_owned(), switches as f64),
        ]));
        self.watch.end();
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.totals
            .insert("os.peak-rss".to_owned(), peak_resident_bytes() as f64);
        part.busy = self.watch.finish();
        part.iterations = self.rows;
        part.turns = self.place.map(|place| place.taken).unwrap_or_default();
        Ok(())
    }
}

/// Largest resident set of this program so far.
///
/// The resource usage of a process keeps the peak of the program that it was before `exec`, which is the command's;
/// the status file of Linux speaks of this one.
fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        })
        .map(|kibibytes| kibibytes * 1024)
        .unwrap_or_else(|| os::resource_usage().unwrap_or_default().peak_resident_bytes)
}
