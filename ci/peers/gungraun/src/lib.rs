//! Runs workloads that are declared for perfkit with gungraun: one iteration each under callgrind and under DHAT.

use shim::Running;

pub use gungraun;
pub use perfkit_peers_shim as shim;
pub use shim::{Bench, Case, Runtime, Units};

/// Declares the `main` of a bench target, as perfkit's macro of that name.
#[macro_export]
macro_rules! main {
    ($($declared:tt)+) => {
        $crate::shim::main!($crate, $($declared)+);
    };
}

/// The `main` of a bench target, and a benchmark for each function that declares a workload.
///
/// Ids are counted from the end, because a workload that a change adds comes first. They stand here as they are and are
/// not the names of the functions: gungraun's macro writes variables next to them, which have to be of one expansion.
#[doc(hidden)]
#[macro_export]
macro_rules! harness {
    ($last:ident) => {
        #[gungraun::library_benchmark(setup = $crate::prepare, teardown = $crate::finish)]
        #[bench::last($last)]
        fn workload(running: $crate::Prepared) -> $crate::Prepared {
            $crate::step(running)
        }
        $crate::harness!(@main);
    };
    ($before:ident, $last:ident) => {
        #[gungraun::library_benchmark(setup = $crate::prepare, teardown = $crate::finish)]
        #[bench::last($last)]
        #[bench::before_last($before)]
        fn workload(running: $crate::Prepared) -> $crate::Prepared {
            $crate::step(running)
        }
        $crate::harness!(@main);
    };
    (@main) => {
        // Gungraun's macros write paths that begin with its name.
        use $crate::gungraun;

        // With commas, these two would call themselves by their bare names.
        gungraun::library_benchmark_group!(name = workloads; benchmarks = workload);
        gungraun::main!(config = $crate::config(); library_benchmark_groups = workloads);
    };
}

/// A workload that is set up.
#[doc(hidden)]
pub type Prepared = Box<dyn Running>;

/// Counts instructions with callgrind, which is the default, and allocations with DHAT.
#[doc(hidden)]
pub fn config() -> gungraun::LibraryBenchmarkConfig {
    let mut config = gungraun::LibraryBenchmarkConfig::default();
    // Counted is what has the benchmark in its call stack, and valgrind ends a stack after 12 callers unless told: that
    // is less than what lies between `block_on` and the body. This is the most it takes.
    config.tool(gungraun::Dhat::with_args(["num-callers=500"]));
    config
}

/// Sets up the one workload that a function declares.
#[doc(hidden)]
pub fn prepare(function: fn(&mut Bench)) -> Prepared {
    let declared = shim::declared(&[function]);
    let [workload] = declared.as_slice() else {
        panic!("{} workloads of one function", declared.len());
    };
    workload.prepare()
}

/// What is measured. The output is kept for [`finish`].
#[doc(hidden)]
pub fn step(mut running: Prepared) -> Prepared {
    running.step();
    running
}

/// Checks the output, after measuring.
#[doc(hidden)]
pub fn finish(mut running: Prepared) {
    running.finish();
}
