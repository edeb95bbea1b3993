//! Runs one workload under one meter: set-up, warm-up, measured iterations, check.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::time::Duration;

use perfkit_model::load::LoadStep;
use tokio::runtime::Runtime;

use crate::bench::BeforeEach;
use crate::case::{Case, Units};
use crate::load;
use crate::passes::Meter;

/// A declared workload with its types erased. Inside, only the runtime's call of the body's `poll` is dynamic, as it
/// is for every spawned task; what the body awaits is polled as in the user's code.
pub(crate) type Drive = dyn Fn(&Case, u32, &mut dyn Meter) -> Result<Units, Failure>;

/// A workload under rising rates of requests, in steps of so long.
pub(crate) type LoadDrive = dyn Fn(&Case, Duration) -> Result<Vec<LoadStep>, Failure>;

/// Why a workload could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the result of iteration {iteration} is wrong: {message}")]
    WrongResult { iteration: u32, message: String },
    #[error("no runtime: {message}")]
    Runtime { message: String },
    #[error("its load ended: {message}")]
    Load { message: String },
    #[error("{message}")]
    NotAvailable { message: String },
}

/// What [`not_available`] unwinds with.
struct NotAvailable(String);

/// Ends the set-up of a workload that needs what is not there: a library, a device, a feature of the build. Reports say
/// that it is not available and why; nothing fails. Say what to do: `install libssl-dev and build with --features openssl`.
pub fn not_available(reason: impl Into<String>) -> ! {
    // No panic: nothing is wrong, and nothing is to be printed.
    resume_unwind(Box::new(NotAvailable(reason.into())))
}

/// The five closures of a declaration.
pub(crate) struct Steps<S, F, U, B, C> {
    pub(crate) set_up: F,
    pub(crate) units: U,
    pub(crate) before_each: Option<BeforeEach<S>>,
    pub(crate) body: B,
    pub(crate) check: C,
}

pub(crate) fn drive<S, O, F, U, B, C>(
    steps: &Steps<S, F, U, B, C>,
    case: &Case,
    warm_up: u32,
    meter: &mut dyn Meter,
) -> Result<Units, Failure>
where
    F: AsyncFn(&Case) -> S,
    U: Fn(&S) -> Units,
    B: AsyncFn(&mut S) -> O,
    C: Fn(&S, &O) -> Result<(), String>,
{
    let runtime = case.runtime.build().map_err(|error| Failure::Runtime {
        message: error.to_string(),
    })?;
    // Timers and sockets register with the runtime of the current context, also outside `block_on`.
    let context = runtime.enter();
    let mut state = set_up(&runtime, (steps.set_up)(case))?;
    let units = (steps.units)(&state);
    let verify = |state: &S, output: &O, iteration: u32| {
        (steps.check)(state, output).map_err(|message| Failure::WrongResult { iteration, message })
    };

    let mut iteration = 0;
    for _ in 0..warm_up {
        if let Some(before_each) = &steps.before_each {
            wait(&runtime, before_each(&mut state).as_mut());
        }
        let output = wait(&runtime, pin!((steps.body)(&mut state)));
        verify(&state, &output, iteration)?;
        iteration += 1;
    }

    meter.prepare()?;
    while meter.wants_more() {
        if let Some(before_each) = &steps.before_each {
            wait(&runtime, before_each(&mut state).as_mut());
        }
        let output = {
            // Pinned here, so that handing it to the runtime moves a pointer and not the whole future.
            let body: Pin<&mut dyn Future<Output = O>> = pin!((steps.body)(&mut state));
            let metered = async {
                meter.begin();
                let output = body.await;
                meter.end();
                output
            };
            wait(&runtime, pin!(metered))
        };
        verify(&state, &output, iteration)?;
        drop(output);
        meter.settle();
        iteration += 1;
    }
    meter.stop();
    drop(state);
    drop(context);
    // Blocking tasks that never end must not keep the process from answering.
    runtime.shutdown_background();
    Ok(units)
}

/// Offers rising rates to a workload.
pub(crate) fn load<S, F, U, B, C>(
    steps: &Steps<S, F, U, B, C>,
    (lowest, body): &(f64, load::Body<S>),
    case: &Case,
    duration: Duration,
) -> Result<Vec<LoadStep>, Failure>
where
    F: AsyncFn(&Case) -> S,
{
    let runtime = case.runtime.build().map_err(|error| Failure::Runtime {
        message: error.to_string(),
    })?;
    let context = runtime.enter();
    let mut state = set_up(&runtime, (steps.set_up)(case))?;
    let measured = load::climb(*lowest, duration, |step| {
        wait(&runtime, body(&mut state, step).as_mut())
    });
    drop(state);
    drop(context);
    runtime.shutdown_background();
    measured.map_err(|message| Failure::Load { message })
}

/// The state of a workload, unless it is not available.
fn set_up<S>(runtime: &Runtime, future: impl Future<Output = S>) -> Result<S, Failure> {
    let prepared = catch_unwind(AssertUnwindSafe(|| wait(runtime, pin!(future))));
    prepared.map_err(|panic| match panic.downcast::<NotAvailable>() {
        Ok(reason) => Failure::NotAvailable { message: reason.0 },
        Err(panic) => resume_unwind(panic),
    })
}

/// Runs a future to its end. Behind a pointer the body is compiled once; the loops of the runtime's schedulers and
/// parkers would each inline a copy of their own.
fn wait<T>(runtime: &Runtime, future: Pin<&mut dyn Future<Output = T>>) -> T {
    runtime.block_on(future)
}
