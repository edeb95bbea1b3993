//! A declared workload and one that runs.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

/// The setting a workload runs in.
#[derive(Debug)]
pub struct Case {
    seed: u64,
}

impl Case {
    /// Seed for the workload's input; that of a perfkit workload that sets none.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// A tokio runtime to run a workload on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Runtime {
    /// One thread.
    #[default]
    CurrentThread,
    /// This many worker threads. Named by benches and never first, so that it is not built.
    MultiThread(usize),
}

impl Runtime {
    fn build(self) -> tokio::runtime::Runtime {
        assert_eq!(
            self,
            Self::CurrentThread,
            "the first runtime of a seeded workload has one thread"
        );
        Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a measurement needs a runtime")
    }
}

/// Work done by one iteration. Nothing is made of it here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Units;

impl Units {
    /// Items, records or requests.
    pub const fn items(_: u64) -> Self {
        Self
    }

    /// Bytes of payload.
    pub const fn bytes(_: u64) -> Self {
        Self
    }

    /// Adds bytes of payload.
    pub const fn and_bytes(self, _: u64) -> Self {
        self
    }
}

/// A workload that is set up.
pub trait Running {
    /// One iteration: what has to be measured. The output is kept.
    fn step(&mut self);

    /// Checks the last output and drops what was kept. Ends the process if the output is wrong, because a number
    /// measured on a wrong answer is worth nothing.
    fn finish(&mut self);

    /// Time that so many iterations take, without what lies between them.
    fn time(&mut self, iterations: u64) -> Duration {
        let mut elapsed = Duration::ZERO;
        for _ in 0..iterations {
            let began = Instant::now();
            self.step();
            elapsed += began.elapsed();
            self.finish();
        }
        elapsed
    }
}

/// A declared workload with its types erased.
pub struct Declared {
    name: String,
    prepare: Box<dyn Fn() -> Box<dyn Running>>,
}

impl Declared {
    pub(crate) fn new<S, O, F, B, C>(name: String, runtime: Runtime, steps: Steps<F, B, C>) -> Self
    where
        S: 'static,
        O: 'static,
        F: AsyncFn(&Case) -> S + 'static,
        B: AsyncFn(&mut S) -> O + 'static,
        C: Fn(&S, &O) -> Result<(), String> + 'static,
    {
        let steps = Rc::new(steps);
        Self {
            name,
            prepare: Box::new(move || {
                let runtime = runtime.build();
                let state = runtime.block_on((steps.set_up)(&Case { seed: 1 }));
                Box::new(Ready {
                    // Room for one, so that the first step allocates nothing of its own.
                    outputs: Vec::with_capacity(1),
                    state,
                    runtime,
                    steps: Rc::clone(&steps),
                })
            }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Builds the runtime and sets the workload up.
    pub fn prepare(&self) -> Box<dyn Running> {
        (self.prepare)()
    }
}

/// The closures of a declaration.
pub(crate) struct Steps<F, B, C> {
    pub(crate) set_up: F,
    pub(crate) body: B,
    pub(crate) check: C,
}

/// Fields are dropped in this order: the runtime after all that may refer to it.
struct Ready<S, O, F, B, C> {
    outputs: Vec<O>,
    state: S,
    runtime: tokio::runtime::Runtime,
    steps: Rc<Steps<F, B, C>>,
}

impl<S, O, F, B, C> Running for Ready<S, O, F, B, C>
where
    B: AsyncFn(&mut S) -> O,
    C: Fn(&S, &O) -> Result<(), String>,
{
    fn step(&mut self) {
        // As perfkit does it: handing a pinned future to the runtime moves a pointer and not the whole future.
        let body: Pin<&mut dyn Future<Output = O>> = pin!((self.steps.body)(&mut self.state));
        self.outputs.push(self.runtime.block_on(body));
    }

    fn finish(&mut self) {
        if let Some(Err(message)) = self
            .outputs
            .last()
            .map(|output| (self.steps.check)(&self.state, output))
        {
            panic!("the result is wrong: {message}");
        }
        self.outputs.clear();
    }
}
