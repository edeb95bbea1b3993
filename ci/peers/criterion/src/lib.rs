//! Runs workloads that are declared for perfkit with criterion, at its defaults.

use std::process::ExitCode;

use criterion::Criterion;

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

/// Runs every workload as a benchmark of its name.
#[doc(hidden)]
pub fn start(functions: &[fn(&mut Bench)]) -> ExitCode {
    let mut criterion = Criterion::default().configure_from_args();
    for workload in shim::declared(functions) {
        let mut running = workload.prepare();
        criterion.bench_function(workload.name(), |bencher| {
            bencher.iter_custom(|iterations| running.time(iterations));
        });
    }
    criterion.final_summary();
    ExitCode::SUCCESS
}
