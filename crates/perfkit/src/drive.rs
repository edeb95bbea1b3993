//! Runs one workload under one meter: set-up, warm-up, measured iterations, check.

use std::pin::{Pin, pin};

use tokio::runtime::Runtime;

use crate::case::{Case, Units};
use crate::passes::Meter;

/// A declared workload with its types erased. Inside, only the runtime's call of the body's `poll` is dynamic, as it
/// is for every spawned task; what the body awaits is polled as in the user's code.
pub(crate) type Drive = dyn Fn(&Case, u32, &mut dyn Meter) -> Result<Units, Failure>;

/// Why a workload could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the result of iteration {iteration} is wrong: {message}")]
    WrongResult { iteration: u32, message: String },
    #[error("no runtime: {message}")]
    Runtime { message: String },
    #[error("{message}")]
    NotAvailable { message: String },
}

/// The five closures of a declaration.
pub(crate) struct Steps<F, U, E, B, C> {
    pub(crate) set_up: F,
    pub(crate) units: U,
    pub(crate) before_each: E,
    pub(crate) body: B,
    pub(crate) check: C,
}

pub(crate) fn drive<S, O, F, U, E, B, C>(
    steps: &Steps<F, U, E, B, C>,
    case: &Case,
    warm_up: u32,
    meter: &mut dyn Meter,
) -> Result<Units, Failure>
where
    F: AsyncFn(&Case) -> S,
    U: Fn(&S) -> Units,
    E: Fn(&mut S),
    B: AsyncFn(&mut S) -> O,
    C: Fn(&S, &O) -> Result<(), String>,
{
    let runtime = case.runtime.build().map_err(|error| Failure::Runtime {
        message: error.to_string(),
    })?;
    // Timers and sockets register with the runtime of the current context, also outside `block_on`.
    let context = runtime.enter();
    let mut state = wait(&runtime, pin!((steps.set_up)(case)));
    let units = (steps.units)(&state);
    let verify = |state: &S, output: &O, iteration: u32| {
        (steps.check)(state, output).map_err(|message| Failure::WrongResult { iteration, message })
    };

    let mut iteration = 0;
    for _ in 0..warm_up {
        (steps.before_each)(&mut state);
        let output = wait(&runtime, pin!((steps.body)(&mut state)));
        verify(&state, &output, iteration)?;
        iteration += 1;
    }

    meter.prepare()?;
    while meter.wants_more() {
        (steps.before_each)(&mut state);
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

/// Runs a future to its end. Behind a pointer the body is compiled once; the loops of the runtime's schedulers and
/// parkers would each inline a copy of their own.
fn wait<T>(runtime: &Runtime, future: Pin<&mut dyn Future<Output = T>>) -> T {
    runtime.block_on(future)
}
