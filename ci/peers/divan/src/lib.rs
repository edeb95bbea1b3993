//! Runs workloads that are declared for perfkit with divan, at its defaults.

use std::cell::RefCell;
use std::process::ExitCode;
use std::sync::OnceLock;

use divan::Bencher;

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

static FUNCTIONS: OnceLock<Vec<fn(&mut Bench)>> = OnceLock::new();

/// Runs every workload as a benchmark of its name.
#[doc(hidden)]
pub fn start(functions: &[fn(&mut Bench)]) -> ExitCode {
    FUNCTIONS.get_or_init(|| functions.to_vec());
    divan::main();
    ExitCode::SUCCESS
}

fn declared() -> Vec<shim::Declared> {
    shim::declared(FUNCTIONS.get().map_or(&[], Vec::as_slice))
}

fn names() -> Vec<String> {
    let declared = declared();
    declared.iter().map(|it| it.name().to_owned()).collect()
}

#[divan::bench(args = names())]
fn workload(bencher: Bencher, name: &String) {
    let workloads = declared();
    let workload = workloads.iter().find(|it| it.name() == name);
    let running = workload.expect("its name is one of those listed").prepare();
    let running = RefCell::new(running);
    // Divan makes its inputs outside of the time it measures, and the output of the step before can go there.
    bencher
        .with_inputs(|| running.borrow_mut().finish())
        .bench_local_values(|()| running.borrow_mut().step());
    running.borrow_mut().finish();
}
