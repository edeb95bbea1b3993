//! How much of a type a run really copied.

use std::collections::BTreeMap;

use perfkit_model::comparison::Naming;
use perfkit_model::lint::Copied;
use perfkit_model::run::{Case, Run};
use perfkit_model::stacks::FrameKind;

use crate::types::growth::mentions;

/// The metric whose stacks end in moved types.
const METRIC: &str = "memcpy.bytes";

/// Bytes of values of this type, and of values whose type names it, that each case copied; most first.
pub(super) fn copied(type_name: &str, run: &Run) -> Vec<Copied> {
    let mut copied: Vec<Copied> = run
        .cases
        .iter()
        .flat_map(|case| of_case(type_name, case))
        .collect();
    copied.sort_by(|left, right| right.bytes.total_cmp(&left.bytes));
    copied
}

/// A guess is never added to what the compiler said.
fn of_case(type_name: &str, case: &Case) -> Vec<Copied> {
    let Some(column) = case.stacks.column(METRIC) else {
        return Vec::new();
    };
    // PERF: the same few types are moved from many places.
    let mut named: BTreeMap<&str, bool> = BTreeMap::new();
    let (mut annotated, mut candidate) = (0, 0);
    for (node, weight) in &column.weights {
        let frame = case.stacks.nodes.get(*node as usize);
        let frame = frame.and_then(|node| case.stacks.frames.get(node.frame as usize));
        let Some(frame) = frame else { continue };
        let sum = match frame.kind {
            FrameKind::Moved => &mut annotated,
            FrameKind::Candidate => &mut candidate,
            _ => continue,
        };
        let is_of_it = named
            .entry(frame.name.as_str())
            .or_insert_with(|| frame.name == type_name || mentions(&frame.name, type_name));
        if *is_of_it {
            *sum += weight;
        }
    }
    let iterations = f64::from(column.iterations.max(1));
    let items = case.units.items;
    [
        (Naming::Annotated, annotated),
        (Naming::Candidate, candidate),
    ]
    .into_iter()
    .filter(|(_, bytes)| *bytes > 0)
    .map(|(way, bytes)| {
        let bytes = bytes as f64 / iterations;
        Copied {
            case: case.id.to_string(),
            bytes,
            per_item: (items > 0).then(|| bytes / items as f64),
            way,
        }
    })
    .collect()
}
