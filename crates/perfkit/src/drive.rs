//! Runs one workload under one meter: set-up, warm-up, measured iterations, check.

use std::pin::pin;

use crate::case::{Case, Units};
use crate::passes::Meter;

/// A declared workload with its types erased. Only the call as a whole is dynamic: inside, the body is polled as
/// the concrete future it is, so that what is measured is the user's code.
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
    let mut state = runtime.block_on((steps.set_up)(case));
    let units = (steps.units)(&state);
    let verify = |state: &S, output: &O, iteration: u32| {
        (steps.check)(state, output).map_err(|message| Failure::WrongResult { iteration, message })
    };

    let mut iteration = 0;
    for _ in 0..warm_up {
        (steps.before_each)(&mut state);
        let output = runtime.block_on((steps.body)(&mut state));
        verify(&state, &output, iteration)?;
        iteration += 1;
    }

    meter.prepare()?;
    while meter.wants_more() {
        (steps.before_each)(&mut state);
        let output = {
            // Pinned here, so that handing it to the runtime moves a pointer and not the whole future.
            let body = pin!((steps.body)(&mut state));
            runtime.block_on(async {
                meter.begin();
                let output = body.await;
                meter.end();
                output
            })
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
