//! The declaration of workloads, with the names and bounds of perfkit's.

use crate::run::{Case, Declared, Runtime, Steps, Units};

/// Collects the workloads of a bench target.
#[derive(Default)]
pub struct Bench {
    pub(crate) declared: Vec<Declared>,
}

impl Bench {
    /// Begins a workload.
    pub fn workload(&mut self, name: &str) -> Workload<'_> {
        Workload {
            bench: self,
            name: name.to_owned(),
            runtime: Runtime::default(),
        }
    }
}

/// A workload with its settings.
pub struct Workload<'bench> {
    bench: &'bench mut Bench,
    name: String,
    runtime: Runtime,
}

impl<'bench> Workload<'bench> {
    /// Runtimes to run it on, of which the first is taken.
    pub fn runtimes(mut self, runtimes: impl IntoIterator<Item = Runtime>) -> Self {
        self.runtime = runtimes.into_iter().next().unwrap_or_default();
        self
    }

    /// Prepares a state, outside of what is measured.
    pub fn set_up<S, F>(self, set_up: F) -> Prepared<'bench, F>
    where
        S: 'static,
        F: AsyncFn(&Case) -> S + 'static,
    {
        Prepared {
            workload: self,
            set_up,
        }
    }
}

/// A workload that knows its state.
pub struct Prepared<'bench, F> {
    workload: Workload<'bench>,
    set_up: F,
}

impl<'bench, F> Prepared<'bench, F> {
    /// Work that one iteration does. No tool asks.
    pub fn units<S>(self, _: impl Fn(&S) -> Units + 'static) -> Self
    where
        S: 'static,
        F: AsyncFn(&Case) -> S + 'static,
    {
        self
    }

    /// The measured body.
    pub fn iterate<S, O, B>(self, body: B) -> Iterated<'bench, F, B>
    where
        S: 'static,
        O: 'static,
        F: AsyncFn(&Case) -> S + 'static,
        B: AsyncFn(&mut S) -> O + 'static,
    {
        Iterated {
            prepared: self,
            body,
        }
    }
}

/// A workload with its body.
pub struct Iterated<'bench, F, B> {
    prepared: Prepared<'bench, F>,
    body: B,
}

impl<F, B> Iterated<'_, F, B> {
    /// Checks the output, and declares the workload.
    pub fn check<S, O>(self, check: impl Fn(&S, &O) -> Result<(), String> + 'static)
    where
        S: 'static,
        O: 'static,
        F: AsyncFn(&Case) -> S + 'static,
        B: AsyncFn(&mut S) -> O + 'static,
    {
        let Prepared { workload, set_up } = self.prepared;
        let steps = Steps {
            set_up,
            body: self.body,
            check,
        };
        let declared = Declared::new(workload.name, workload.runtime, steps);
        workload.bench.declared.push(declared);
    }
}
