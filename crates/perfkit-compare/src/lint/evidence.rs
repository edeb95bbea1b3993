//! How much of a type a run really copied.
//!
//! Stacks name moved types as reports do, without modules and, for futures, without arguments: the name and the size
//! together say which type it is. Where several types share the name, a match is a candidate.

use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::comparison::Naming;
use perfkit_model::layout::{TypeLayout, TypeTable, path};
use perfkit_model::lint::{Copied, TypeFinding};
use perfkit_model::run::{Case, Run};
use perfkit_model::stacks::{Frame, FrameKind};

/// The metric whose stacks end in moved types.
const METRIC: &str = "memcpy.bytes";

/// Bytes of values of a finding's type, and of values that hold one, that each case copied; facts before guesses, most
/// bytes first.
pub(super) fn copied(finding: &TypeFinding, table: &TypeTable, run: &Run) -> Vec<Copied> {
    let wanted = Wanted::new(finding, table);
    let mut copied: Vec<Copied> = run
        .cases
        .iter()
        .flat_map(|case| of_case(&wanted, case))
        .collect();
    copied.sort_by(|left, right| {
        let is_guess = |copied: &Copied| copied.way == Naming::Candidate;
        let by_way = is_guess(left).cmp(&is_guess(right));
        by_way.then_with(|| right.bytes.total_cmp(&left.bytes))
    });
    copied
}

/// A guess is never added to what is certain.
fn of_case(wanted: &Wanted<'_>, case: &Case) -> Vec<Copied> {
    let Some(column) = case.stacks.column(METRIC) else {
        return Vec::new();
    };
    // PERF: the same few types are moved from many places.
    let mut known: BTreeMap<u32, Option<Naming>> = BTreeMap::new();
    let (mut annotated, mut candidate) = (0, 0);
    for (node, weight) in &column.weights {
        let Some(node) = case.stacks.nodes.get(*node as usize) else {
            continue;
        };
        let way = known.entry(node.frame).or_insert_with(|| {
            let frame = case.stacks.frames.get(node.frame as usize);
            frame.and_then(|frame| wanted.is_moved_as(frame))
        });
        match way {
            Some(Naming::Annotated) => annotated += weight,
            Some(Naming::Candidate) => candidate += weight,
            None => {}
        }
    }
    let iterations = f64::from(column.iterations.max(1));
    let items = case.units.items;
    let ways = [
        (Naming::Annotated, annotated),
        (Naming::Candidate, candidate),
    ];
    ways.into_iter()
        .filter(|(_, bytes)| *bytes > 0)
        .map(|(way, bytes): (Naming, u64)| {
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

/// What to look for in the names of moved types.
struct Wanted<'t> {
    /// The last word of a type's path, the whole path of a future.
    name: &'t str,
    is_future: bool,
    /// Its sizes in the base and the head: the run may be of either.
    sizes: BTreeSet<u64>,
    /// Whether no other type is called so.
    is_alone: bool,
}

impl<'t> Wanted<'t> {
    fn new(finding: &'t TypeFinding, table: &TypeTable) -> Self {
        let is_future = finding.kind.is_future();
        let name = name(&finding.type_name, is_future);
        let is_namesake = |layout: &&TypeLayout| {
            layout.kind.is_future() == is_future && self::name(&layout.name, is_future) == name
        };
        Self {
            name,
            is_future,
            sizes: finding.base.into_iter().chain([finding.head]).collect(),
            is_alone: table.types.iter().filter(is_namesake).count() < 2,
        }
    }

    /// Whether values of it are moved as this type, and how sure that is.
    fn is_moved_as(&self, frame: &Frame) -> Option<Naming> {
        let is_annotated = match frame.kind {
            FrameKind::Moved => true,
            FrameKind::Candidate => false,
            _ => return None,
        };
        let least = self.sizes.first().copied().unwrap_or(0);
        // What is smaller holds none.
        if frame.size < least || !self.is_named_in(&frame.name) {
            return None;
        }
        let is_sure = self.is_alone || self.sizes.contains(&frame.size);
        Some(if is_annotated && is_sure {
            Naming::Annotated
        } else {
            Naming::Candidate
        })
    }

    fn is_named_in(&self, moved: &str) -> bool {
        if !self.is_future {
            let mut words = moved.split(|char: char| !is_word(char));
            return words.any(|word| word == self.name);
        }
        // `async fn query::answer` is how `ddsplit::query::answer` is moved.
        let mut futures = moved.split("async ").skip(1);
        futures.any(|rest| {
            let rest = rest.split_once(' ').map_or("", |(_, path)| path);
            let rest = rest.strip_prefix("in ").unwrap_or(rest);
            let end = rest.find(|char: char| !is_word(char) && char != ':');
            let path = rest[..end.unwrap_or(rest.len())].trim_end_matches(':');
            !path.is_empty()
                && self
                    .name
                    .strip_suffix(path)
                    .is_some_and(|before| before.is_empty() || before.ends_with("::"))
        })
    }
}

/// `DistriErr` of `ddsplit::story::DistriErr`; `ddsplit::query::answer` of `async fn ddsplit::query::answer<T>`.
fn name(type_name: &str, is_future: bool) -> &str {
    let path = path(type_name);
    if is_future {
        path
    } else {
        path.rsplit("::").next().unwrap_or(path)
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
