//! Allocations, against the dhat crate.

use perfkit_model::lens::Pass;

use crate::program::request;
use crate::repeats::in_memory;

#[test]
fn allocations_equal_those_of_dhat() {
    for (program, workload, variant) in in_memory() {
        let row = |pass: Pass| {
            let part = program.measure(request(&workload, variant.as_deref(), pass));
            part.iterations.into_iter().next().expect("one iteration")
        };
        let (ours, theirs) = (row(Pass::Count), row(Pass::Dhat));
        let ours = (ours["heap.allocs"], ours["heap.bytes"]);
        let theirs = (theirs["dhat.blocks"], theirs["dhat.bytes"]);
        eprintln!("{workload} {variant:?}: {ours:?} here, {theirs:?} in dhat");
        assert!(ours.0 > 0.0, "{workload} {variant:?} allocates nothing");
        assert_eq!(ours, theirs, "{workload} {variant:?}");
    }
}
