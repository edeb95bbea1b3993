//! The pass under a subscriber of `tracing`: what goes through the stages of a workload.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use perfkit_model::part::Part;
use perfkit_model::request::Measure;

use crate::drive::Failure;
use crate::passes::Meter;
use crate::stages::Watch;

pub(crate) struct Stages {
    watch: Watch,
    iterations: u32,
    budget: Duration,
    started: Instant,
    done: u32,
}

impl Stages {
    /// Subscribes before the set-up, which may make spans that live as long as the workload does.
    pub(crate) fn new(measure: &Measure) -> Result<Self, Failure> {
        let watch = Watch::install().map_err(|error| Failure::NotAvailable {
            message: format!("no subscriber for spans can be installed: {error}"),
        })?;
        Ok(Self {
            watch,
            iterations: measure.iterations.max(1),
            budget: Duration::from_millis(measure.budget_milliseconds),
            started: Instant::now(),
            done: 0,
        })
    }
}

impl Meter for Stages {
    fn prepare(&mut self) -> Result<(), Failure> {
        self.started = Instant::now();
        Ok(())
    }

    fn wants_more(&mut self) -> bool {
        self.done < self.iterations || self.started.elapsed() < self.budget
    }

    fn begin(&mut self) {
        self.watch.begin();
    }

    fn end(&mut self) {
        self.watch.end();
        self.done += 1;
    }

    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure> {
        part.iterations = vec![BTreeMap::new(); self.done as usize];
        let stages = self.watch.finish();
        if stages.stages.is_empty() {
            return Err(Failure::NotAvailable {
                message: "no span ended in an iteration; make some with `tracing::info_span!` or `#[tracing::instrument]`".to_owned(),
            });
        }
        part.stages = Some(stages);
        Ok(())
    }
}
