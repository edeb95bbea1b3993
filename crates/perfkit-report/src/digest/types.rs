//! Which types memcpy moves: copied bytes by the type at the leaf and the function that moves it.

use std::collections::BTreeMap;

use perfkit_model::run::Case;
use perfkit_model::stacks::FrameKind;

use super::scale::scale;
use super::sites::owners;
use crate::text;

/// Moves of one type in one function.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Move {
    /// The type's name.
    pub(crate) ty: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Whether only the size suggests the type.
    pub(crate) is_candidate: bool,
    /// The function that moves it.
    pub(crate) function: String,
    /// Source location of the heaviest move.
    pub(crate) location: String,
    /// Per iteration in the head: bytes, and moves where they were counted by stack.
    pub(crate) head: (f64, Option<f64>),
    /// The same in the base; 0 where it does not occur there.
    pub(crate) base: (f64, Option<f64>),
}

/// Everything memcpy moves.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// Named moves, most bytes of either side first.
    pub(crate) moves: Vec<Move>,
    /// Bytes per iteration of the head that no type is named for: slices, mostly.
    pub(crate) unnamed: f64,
}

type Key = (String, String);

/// The moves of a case, base beside head.
pub(crate) fn moves(case: &Case, base: Option<&Case>) -> Moves {
    // Nothing is known of what was not looked at; it is not nothing.
    let is_measured = |case: &Case| case.measurements.contains_key("memcpy.bytes");
    if !is_measured(case) {
        return Moves::default();
    }
    let base = base.filter(|base| is_measured(base));
    let (mut named, unnamed) = collect(case);
    for (key, other) in base.map(|base| collect(base).0).unwrap_or_default() {
        let entry = named.entry(key).or_insert_with(|| Move {
            head: (0.0, other.head.1.map(|_| 0.0)),
            ..other.clone()
        });
        entry.base = other.head;
    }
    let mut moves: Vec<Move> = named.into_values().collect();
    let weight = |it: &Move| it.head.0.max(it.base.0);
    moves.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    Moves { moves, unnamed }
}

fn collect(case: &Case) -> (BTreeMap<Key, Move>, f64) {
    let stacks = &case.stacks;
    let mut moves: BTreeMap<Key, (u64, Move)> = BTreeMap::new();
    let mut unnamed = 0.0;
    let Some(bytes) = stacks.column("memcpy.bytes") else {
        return (BTreeMap::new(), 0.0);
    };
    let calls = stacks.column("memcpy.calls");
    let calls = calls.map(|column| (column, scale(case, column).factor));
    let calls_of = |node: u32| {
        let (calls, factor) = calls?;
        let found = calls.weights.binary_search_by_key(&node, |(node, _)| *node);
        let weight = found.map_or(0, |index| calls.weights[index].1);
        Some(weight as f64 * factor)
    };
    let factor = scale(case, bytes).factor;
    let owners = owners(stacks);
    for (node, weight) in &bytes.weights {
        let value = *weight as f64 * factor;
        let leaf = stacks
            .leaf(*node)
            .filter(|it| matches!(it.kind, FrameKind::Moved | FrameKind::Candidate));
        let Some(leaf) = leaf else {
            unnamed += value;
            continue;
        };
        let parent = stacks
            .nodes
            .get(*node as usize)
            .and_then(|node| node.parent);
        // The leaf itself may count as the workspace's; the function that moves is above it.
        let owner = parent.and_then(|parent| owners.get(parent as usize).copied().flatten());
        let function = owner.map_or_else(|| "unknown".to_owned(), text::frame);
        let key = (text::plain(&leaf.name), function.clone());
        let (heaviest, entry) = moves.entry(key.clone()).or_default();
        entry.ty = key.0;
        entry.function = function;
        entry.size = entry.size.max(leaf.size);
        entry.is_candidate |= leaf.kind == FrameKind::Candidate;
        entry.head.0 += value;
        if let Some(calls) = calls_of(*node) {
            entry.head.1 = Some(entry.head.1.unwrap_or(0.0) + calls);
        }
        if *weight > *heaviest {
            *heaviest = *weight;
            // A line of the executor's says where it moves things; the line to look at is the user's.
            let place = match owner {
                Some(owner) if !owner.file.is_empty() && owner.file != leaf.file => owner,
                _ => leaf,
            };
            entry.location = text::location(&place.file, place.line);
        }
    }
    let moves = moves.into_iter().map(|(key, (_, it))| (key, it));
    (moves.collect(), unnamed)
}
