//! The sampling pass: pprof on a CPU-time timer, unwound by framehop.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use perfkit_hooks::os;
use perfkit_hooks::sampling;
use perfkit_model::part::{Part, RawStack};
use perfkit_model::request::Measure;

use crate::drive::Failure;
use crate::passes::Meter;

/// Name of the thread that polls the body, while it does.
const INSIDE: &CStr = c"workload";
/// Its name in between: samples of checks and refills are thrown away.
const OUTSIDE: &CStr = c"perfkit";

pub(crate) struct Cpu {
    frequency: i32,
    samples: f64,
    iterations: u64,
    done: u64,
    budget: Duration,
    started: Instant,
    before: os::ResourceUsage,
    user: Duration,
    system: Duration,
    guard: Option<pprof::ProfilerGuard<'static>>,
    report: Option<pprof::UnresolvedReport>,
    problem: Option<String>,
}

impl Cpu {
    pub(crate) fn new(measure: &Measure) -> Self {
        Self {
            frequency: i32::try_from(measure.frequency.clamp(1, 1_000)).unwrap_or(99),
            samples: f64::from(measure.samples),
            iterations: u64::from(measure.iterations.max(1)),
            done: 0,
            budget: Duration::from_millis(measure.budget_milliseconds),
            started: Instant::now(),
            before: os::ResourceUsage::default(),
            user: Duration::ZERO,
            system: Duration::ZERO,
            guard: None,
            report: None,
            problem: None,
        }
    }

    fn guard(&self) -> Result<pprof::ProfilerGuard<'static>, Failure> {
        // No blocklist: the documented one would throw away every sample inside memcpy and malloc.
        pprof::ProfilerGuardBuilder::default()
            .frequency(self.frequency)
            .build()
            .map_err(|error| Failure::NotAvailable {
                message: format!("pprof did not start: {error}"),
            })
    }
}

impl Meter for Cpu {
    fn prepare(&mut self) -> Result<(), Failure> {
        // framehop's unwinder is made on the first sample, and would allocate inside the signal handler of an
        // arbitrary interrupted thread. One signal raised here makes it at a harmless place; dropping the guard
        // throws that sample away.
        let warm = self.guard()?;
        os::raise_sigprof().map_err(|error| Failure::NotAvailable {
            message: format!("no SIGPROF: {error}"),
        })?;
        drop(warm);
        sampling::sample_exact_addresses();
        self.guard = Some(self.guard()?);
        sampling::name_thread(OUTSIDE);
        self.started = Instant::now();
        Ok(())
    }

    fn wants_more(&mut self) -> bool {
        if self.done < self.iterations {
            return true;
        }
        // The timer runs on CPU time, so that is the clock that tells how many samples there should be.
        let expected = (self.user + self.system).as_secs_f64() * f64::from(self.frequency);
        expected < self.samples && self.started.elapsed() < self.budget
    }

    fn begin(&mut self) {
        self.before = os::resource_usage().unwrap_or_default();
        sampling::name_thread(INSIDE);
    }

    fn end(&mut self) {
        sampling::name_thread(OUTSIDE);
        let now = os::resource_usage().unwrap_or_default();
        self.user += now.user_time.saturating_sub(self.before.user_time);
        self.system += now.system_time.saturating_sub(self.before.system_time);
        self.done += 1;
    }

    fn stop(&mut self) {
        if let Some(guard) = self.guard.take() {
            match guard.report().build_unresolved() {
                Ok(report) => self.report = Some(report),
                Err(error) => self.problem = Some(format!("pprof lost its samples: {error}")),
            }
        }
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.cpu_seconds = (self.user.as_secs_f64(), self.system.as_secs_f64());
        part.expected_samples =
            ((self.user + self.system).as_secs_f64() * f64::from(self.frequency)) as u64;
        part.columns = vec!["cpu.samples".to_owned()];
        part.notes.extend(self.problem);
        let Some(report) = self.report else {
            return Ok(());
        };
        for (frames, count) in report.data {
            let name: &[u8] =
                &frames.thread_name[..frames.thread_name_length.min(frames.thread_name.len())];
            if name == OUTSIDE.to_bytes() {
                continue;
            }
            part.stacks.push(RawStack {
                frames: frames.frames.iter().map(|frame| frame.ip as u64).collect(),
                exact_leaf: true,
                thread: Some(String::from_utf8_lossy(name).into_owned()),
                operation: None,
                weights: vec![(0, u64::try_from(count).unwrap_or_default())],
            });
        }
        // The report is a hash map; a file that does not repeat is hard to compare.
        part.stacks
            .sort_by(|left, right| left.frames.cmp(&right.frames));
        let captured: u64 = part
            .stacks
            .iter()
            .flat_map(|stack| &stack.weights)
            .map(|(_, count)| count)
            .sum();
        part.totals
            .insert("cpu.samples".to_owned(), captured as f64);
        part.totals
            .insert("cpu.iterations".to_owned(), self.done as f64);
        Ok(())
    }
}
