//! Runs workloads that are declared for perfkit with tango.

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use shim::Running;
use tango_bench::{Benchmark, ErasedSampler, benchmark_fn, cli};

pub use perfkit_peers_shim as shim;
pub use shim::{Bench, Case, Runtime, Units};

/// Declares the `main` of a bench target, as perfkit's macro of that name.
#[macro_export]
macro_rules! main {
    ($($declared:tt)+) => {
        $crate::shim::main!($crate, $($declared)+);
    };
}

/// The `main` of a bench target.
#[doc(hidden)]
#[macro_export]
macro_rules! harness {
    ($($declare:ident),+) => {
        fn main() -> ::std::process::ExitCode {
            $crate::start(&[$($declare),+])
        }
    };
}

/// Offers every workload as a benchmark of its name. The command line says what is done with them.
#[doc(hidden)]
pub fn start(functions: &[fn(&mut Bench)]) -> ExitCode {
    let benchmarks = shim::declared(functions).into_iter().map(benchmark);
    match cli::run(benchmarks.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A sampler is made anew to estimate and to measure, within the time that was asked for. Set up is only once.
fn benchmark(workload: shim::Declared) -> Benchmark {
    let name = workload.name().to_owned();
    let mut running = None;
    benchmark_fn(name, move |_| {
        let running = running.get_or_insert_with(|| Rc::new(RefCell::new(workload.prepare())));
        Box::new(Sampler(Rc::clone(running)))
    })
}

/// Leaves out of the time what is not part of an iteration.
struct Sampler(Rc<RefCell<Box<dyn Running>>>);

impl ErasedSampler for Sampler {
    fn measure(&mut self, iterations: usize) -> u64 {
        let elapsed = self.0.borrow_mut().time(iterations as u64);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }
}
