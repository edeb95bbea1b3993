//! The part of perfkit's API that the seeded benches use, for tools that only run a workload and look at nothing
//! inside.
//!
//! What is measured is the same for every tool, and the same as perfkit measures: [`Running::step`] polls the body
//! once to its end. Set-up, runtime, check and the drop of the output are outside of it.

mod bench;
mod run;

pub use bench::{Bench, Iterated, Prepared, Workload};
pub use run::{Case, Declared, Running, Runtime, Units};

/// Declares what perfkit's `main!` declares, with the `main` that the `harness!` of a tool's crate writes.
///
/// Takes that crate first, and then what perfkit's macro takes. An allocator is used as it is.
#[macro_export]
macro_rules! main {
    ($tool:tt, allocator = none, $($declare:ident),+ $(,)?) => {
        $tool::harness!($($declare),+);
    };
    ($tool:tt, allocator = $allocator:path, $($declare:ident),+ $(,)?) => {
        #[global_allocator]
        static ALLOCATOR: $allocator = $allocator;
        $tool::harness!($($declare),+);
    };
    ($tool:tt, $($declare:ident),+ $(,)?) => {
        $tool::harness!($($declare),+);
    };
}

/// All workloads that these functions declare.
pub fn declared(functions: &[fn(&mut Bench)]) -> Vec<Declared> {
    let mut bench = Bench::default();
    for function in functions {
        function(&mut bench);
    }
    bench.declared
}
