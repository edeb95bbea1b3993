//! The declaration of workloads.

use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;

use perfkit_model::part::Declaration;

use crate::case::{Case, Runtime, Units};
use crate::drive::{self, Drive, LoadDrive};
use crate::load::{self, Latencies, Step};
use crate::process;

/// Collects the workloads of a bench target.
#[derive(Default)]
pub struct Bench {
    pub(crate) declared: Vec<Declared>,
    pub(crate) processes: Vec<(String, process::Body)>,
}

/// A finished declaration: what it is called, and how to run it under any meter.
pub(crate) struct Declared {
    pub(crate) declaration: Declaration,
    pub(crate) drive: Box<Drive>,
    pub(crate) load: Option<Box<LoadDrive>>,
}

impl Bench {
    /// Declares another process of the workloads, for [`Process::start`](crate::Process::start). `body` is called in that
    /// process, on its main thread, with the other end of [`Process::link`](crate::Process::link).
    pub fn process(&mut self, name: &str, body: impl Fn(UnixStream) + 'static) {
        self.processes.push((name.to_owned(), Box::new(body)));
    }

    /// Begins a workload. The name is unique in its target.
    #[track_caller]
    #[must_use = "a workload is declared by its last step, `check`"]
    pub fn workload(&mut self, name: &str) -> Workload<'_> {
        let location = Location::caller();
        Workload {
            bench: self,
            declaration: Declaration {
                name: name.to_owned(),
                file: location.file().to_owned(),
                line: location.line(),
                args: Vec::new(),
                variants: Vec::new(),
                runtimes: vec![Runtime::default().to_string()],
                seed: 1,
                on_request: false,
                load: None,
            },
        }
    }
}

/// A workload with its settings. Goes on with [`set_up`](Self::set_up).
#[must_use = "a workload is declared by its last step, `check`"]
pub struct Workload<'bench> {
    bench: &'bench mut Bench,
    declaration: Declaration,
}

impl<'bench> Workload<'bench> {
    /// Forms of the workload that can be compared with one another. The first one is the default.
    pub fn variants<'a>(mut self, variants: impl IntoIterator<Item = &'a str>) -> Self {
        self.declaration.variants = variants.into_iter().map(str::to_owned).collect();
        self
    }

    /// Sizes to run it at; [`Case::arg`] tells which.
    pub fn args(mut self, args: impl IntoIterator<Item = u64>) -> Self {
        self.declaration.args = args.into_iter().collect();
        self
    }

    /// Runtimes to run it on, instead of `current_thread` alone.
    pub fn runtimes(mut self, runtimes: impl IntoIterator<Item = Runtime>) -> Self {
        self.declaration.runtimes = runtimes
            .into_iter()
            .map(|runtime| runtime.to_string())
            .collect();
        self
    }

    /// Seed for its input and for randomness in the process: `HashMap` order and `select!` repeat.
    pub fn seed(mut self, seed: u64) -> Self {
        self.declaration.seed = seed;
        self
    }

    /// Leaves it out of a plain run, as an ignored test is: it runs where the command line names it, or its package, or
    /// says `--workspace`. For workloads that take long, or need what most machines have not.
    pub fn on_request(mut self) -> Self {
        self.declaration.on_request = true;
        self
    }

    /// Prepares a state once per pass. Not measured. Servers, connections and input belong here.
    pub fn set_up<S, F>(self, set_up: F) -> Prepared<'bench, S, F>
    where
        S: 'static,
        F: AsyncFn(&Case) -> S + 'static,
    {
        Prepared {
            workload: self,
            set_up,
            units: Box::new(|_| Units::default()),
            before_each: None,
        }
    }
}

type UnitsOf<S> = Box<dyn Fn(&S) -> Units>;
/// A boxed async closure.
pub(crate) type BeforeEach<S> =
    Box<dyn for<'a> Fn(&'a mut S) -> Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// A workload that knows its state. Goes on with [`iterate`](Self::iterate).
#[must_use = "a workload is declared by its last step, `check`"]
pub struct Prepared<'bench, S, F> {
    workload: Workload<'bench>,
    set_up: F,
    units: UnitsOf<S>,
    before_each: Option<BeforeEach<S>>,
}

impl<'bench, S, F> Prepared<'bench, S, F>
where
    S: 'static,
    F: AsyncFn(&Case) -> S + 'static,
{
    /// Work that one iteration does. Asked once, after set-up.
    pub fn units(mut self, units: impl Fn(&S) -> Units + 'static) -> Self {
        self.units = Box::new(units);
        self
    }

    /// Runs before every iteration and is not measured: refills input that the body consumes, or starts anew what would
    /// remember the iterations before.
    pub fn before_each<P>(mut self, before_each: P) -> Self
    where
        P: AsyncFn(&mut S) + 'static,
    {
        let before_each = Rc::new(before_each);
        self.before_each = Some(Box::new(move |state| {
            let before_each = Rc::clone(&before_each);
            Box::pin(async move { before_each(state).await })
        }));
        self
    }

    /// The measured body. One iteration polls it to its end; its output is dropped after measuring.
    pub fn iterate<O, B>(self, body: B) -> Iterated<'bench, S, F, B>
    where
        O: 'static,
        B: AsyncFn(&mut S) -> O + 'static,
    {
        Iterated {
            prepared: self,
            body,
            load: None,
        }
    }
}

/// A workload with its body. [`check`](Self::check) declares it.
#[must_use = "a workload is declared by its last step, `check`"]
pub struct Iterated<'bench, S, F, B> {
    prepared: Prepared<'bench, S, F>,
    body: B,
    load: Option<(f64, load::Body<S>)>,
}

impl<S, F, B> Iterated<'_, S, F, B>
where
    S: 'static,
    F: AsyncFn(&Case) -> S + 'static,
{
    /// What one step of `cargo perfkit run --lens load` does: offer requests at the rate of the step, see
    /// [`load::open_loop`], or have another process do so. The first step has the `lowest` rate, in requests per second;
    /// they rise until the workload no longer keeps up.
    pub fn load<L>(mut self, lowest: f64, body: L) -> Self
    where
        L: AsyncFn(&mut S, Step) -> Result<Latencies, String> + 'static,
    {
        let body = Rc::new(body);
        let body: load::Body<S> = Box::new(move |state, step| {
            let body = Rc::clone(&body);
            Box::pin(async move { body(state, step).await })
        });
        self.prepared.workload.declaration.load = Some(lowest);
        self.load = Some((lowest, body));
        self
    }

    /// Checks the output of every iteration, and declares the workload. Not measured.
    ///
    /// A number measured on a wrong answer is worth nothing: an `Err` ends the pass, and the report shows its text.
    pub fn check<O>(self, check: impl Fn(&S, &O) -> Result<(), String> + 'static)
    where
        O: 'static,
        B: AsyncFn(&mut S) -> O + 'static,
    {
        let Self {
            prepared,
            body,
            load,
        } = self;
        let Prepared {
            workload,
            set_up,
            units,
            before_each,
        } = prepared;
        let steps = Rc::new(drive::Steps {
            set_up,
            units,
            before_each,
            body,
            check,
        });
        let load = load.map(|load| -> Box<LoadDrive> {
            let steps = Rc::clone(&steps);
            Box::new(move |case, duration| drive::load(&steps, &load, case, duration))
        });
        workload.bench.declared.push(Declared {
            declaration: workload.declaration,
            drive: Box::new(move |case, warm_up, meter| drive::drive(&steps, case, warm_up, meter)),
            load,
        });
    }
}
