//! Exact counts are the same in every process.

use std::collections::BTreeMap;
use std::rc::Rc;

use perfkit_model::lens::Pass;
use perfkit_model::metric::{Noise, metric};
use perfkit_model::part::Reply;
use perfkit_model::request::{Action, Measure};

use crate::place::Place;
use crate::program::{Program, request};

/// Bench targets of the reference workloads.
const BENCHES: [&str; 3] = ["ddsplit", "exchange", "frame-resize"];
const PROCESSES: usize = 10;

/// Every variant of every workload that stays in memory: program, workload, variant.
pub(crate) fn in_memory() -> Vec<(Rc<Program>, String, Option<String>)> {
    let place = Place::repository();
    let mut cases = Vec::new();
    for bench in BENCHES {
        let program = Rc::new(place.program(bench));
        let Ok(Reply::Workloads(workloads)) = program.ask(&[], Action::List) else {
            panic!("{bench} does not list its workloads");
        };
        for workload in workloads {
            assert!(workload.args.is_empty(), "arguments are not passed on here");
            if workload.on_request {
                continue;
            }
            let mut variants: Vec<_> = workload.variants.into_iter().map(Some).collect();
            if variants.is_empty() {
                variants.push(None);
            }
            for variant in variants {
                cases.push((Rc::clone(&program), workload.name.clone(), variant));
            }
        }
    }
    cases
}

/// The exact metrics of each iteration of one process.
fn counts(program: &Program, workload: &str, variant: Option<&str>) -> Vec<BTreeMap<String, f64>> {
    let measure = Measure {
        iterations: 3,
        ..request(workload, variant, Pass::Count)
    };
    let part = program.measure(measure);
    assert_eq!(part.dropped, 0, "{workload}");
    let exact = |id: &String| metric(id).is_some_and(|metric| metric.noise == Noise::Exact);
    let rows = part.iterations.into_iter();
    rows.map(|row| row.into_iter().filter(|(id, _)| exact(id)).collect())
        .collect()
}

#[test]
fn exact_counts_are_the_same_in_ten_processes() {
    for (program, workload, variant) in in_memory() {
        let first = counts(&program, &workload, variant.as_deref());
        let metrics = first.first().map_or(0, BTreeMap::len);
        assert!(metrics >= 8, "{workload}: only {metrics} exact metrics");
        for _ in 1..PROCESSES {
            let again = counts(&program, &workload, variant.as_deref());
            assert_eq!(first, again, "{workload} {variant:?}");
        }
        let steady = first.iter().all(|row| *row == first[0]);
        let iterations = if steady { "equal" } else { "differ" };
        eprintln!(
            "{workload} {variant:?}: {metrics} metrics the same in {PROCESSES} processes, iterations {iterations}"
        );
    }
}
