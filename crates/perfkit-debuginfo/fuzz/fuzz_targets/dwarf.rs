//! A well-formed file with debug info that no compiler writes.
#![no_main]

use fuzz::build::{ADDRESSES, build};
use fuzz::plan::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|plan: Plan<'_>| {
    let path = fuzz::file(&build(&plan));
    fuzz::read_types(path);
    fuzz::read_symbols(path, &ADDRESSES);
});
