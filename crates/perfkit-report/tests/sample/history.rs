//! The history of the sample's branch: twelve entries, two steps, and one value that is missing.

use std::collections::BTreeMap;

use perfkit_model::history::{Entry, EntryCase, HISTORY_FORMAT, History, Step};
use perfkit_model::run::CaseId;

/// CPU time of `ddsplit`, ms; `None` where its time pass failed.
const TIME: [Option<f64>; 12] = [
    Some(41.2),
    Some(41.6),
    Some(40.9),
    Some(41.1),
    None,
    Some(41.5),
    Some(41.3),
    Some(46.9),
    Some(46.5),
    Some(47.2),
    Some(46.8),
    Some(46.7),
];

fn revision(index: usize) -> String {
    format!("{index:x}f3c2ab90d1{index:x}")
}

/// Entries of the two cases that are whole.
pub(crate) fn history(ddsplit: &CaseId, exchange: &CaseId) -> History {
    let entries = TIME.iter().enumerate().map(|(index, time)| {
        let map = |id: &str, value: f64| (id.to_owned(), value);
        let allocs = if index < 4 { 18_466.0 } else { 17_442.0 };
        let ddsplit = EntryCase {
            id: ddsplit.clone(),
            exact: BTreeMap::from([
                map("heap.allocs", allocs),
                map("memcpy.bytes", 11_208_704.0),
            ]),
            median: time
                .iter()
                .map(|time| map("time.cpu", time * 1e6))
                .collect(),
        };
        let exchange = EntryCase {
            id: exchange.clone(),
            exact: BTreeMap::from([map("heap.allocs", 4_104.0)]),
            median: BTreeMap::new(),
        };
        Entry {
            format: HISTORY_FORMAT,
            revision: revision(index),
            time: format!("2026-11-{:02}T02:00:11Z", index + 8),
            rustc: "rustc 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            processor: if index == 2 {
                "another"
            } else {
                "AMD EPYC 7B13"
            }
            .to_owned(),
            cases: vec![ddsplit, exchange],
        }
    });
    History {
        entries: entries.collect(),
    }
}

/// What the comparison finds in it.
pub(crate) fn steps(case: &CaseId) -> Vec<Step> {
    let step = |metric: &str, entry: usize, before, after| Step {
        case: case.clone(),
        metric: metric.to_owned(),
        entry,
        revision: revision(entry),
        time: format!("2026-11-{:02}T02:00:11Z", entry + 8),
        previous: revision(entry - 1),
        before,
        after,
        exact: metric != "time.cpu",
        also: Vec::new(),
    };
    vec![
        Step {
            also: vec!["rustc 1.94.0 → rustc 1.95.0".to_owned()],
            ..step("time.cpu", 7, 41.25e6, 46.8e6)
        },
        step("heap.allocs", 4, 18_466.0, 17_442.0),
    ]
}
