//! Where memory is allocated: by the innermost function of the workspace.

use std::collections::BTreeMap;

use perfkit_model::category::Category;
use perfkit_model::run::Case;
use perfkit_model::stacks::{Frame, FrameKind, Stacks};

use super::scale::scale;
use crate::text;

/// Allocations made by one function and everything it calls that is not the workspace's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Site {
    /// What a person calls it.
    pub(crate) function: String,
    /// Source location of the heaviest of its calls.
    pub(crate) location: String,
    /// Per iteration in the head: allocated bytes and allocations.
    pub(crate) head: (f64, f64),
    /// The same in the base; 0 where it does not occur there.
    pub(crate) base: (f64, f64),
}

/// Allocation sites, most bytes of either side first.
pub(crate) fn sites(case: &Case, base: Option<&Case>) -> Vec<Site> {
    // Nothing is known of what was not looked at; it is not nothing.
    let is_measured = |case: &Case| case.measurements.contains_key("heap.bytes");
    if !is_measured(case) {
        return Vec::new();
    }
    let base = base.filter(|base| is_measured(base));
    let mut sites = collect(case);
    for (key, site) in base.map(collect).unwrap_or_default() {
        let entry = sites.entry(key).or_insert_with(|| Site {
            head: (0.0, 0.0),
            ..site.clone()
        });
        entry.base = site.head;
    }
    let mut sites: Vec<Site> = sites.into_values().collect();
    let weight = |site: &Site| site.head.0.max(site.base.0);
    sites.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    sites
}

fn collect(case: &Case) -> BTreeMap<String, Site> {
    let owners = owners(&case.stacks);
    let mut sites: BTreeMap<String, (u64, Site)> = BTreeMap::new();
    for (metric, is_bytes) in [("heap.bytes", true), ("heap.allocs", false)] {
        let Some(column) = case.stacks.column(metric) else {
            continue;
        };
        let factor = scale(case, column).factor;
        for (node, weight) in &column.weights {
            let frame = owners.get(*node as usize).copied().flatten();
            let function = frame.map_or_else(|| "unknown".to_owned(), text::frame);
            let (heaviest, site) = sites.entry(function.clone()).or_default();
            site.function = function;
            let value = *weight as f64 * factor;
            if is_bytes {
                site.head.0 += value;
            } else {
                site.head.1 += value;
            }
            if let Some(frame) = frame.filter(|_| is_bytes && *weight > *heaviest) {
                *heaviest = *weight;
                site.location = text::location(&frame.file, frame.line);
            }
        }
    }
    sites
        .into_iter()
        .map(|(key, (_, site))| (key, site))
        .collect()
}

/// For every node the innermost frame of the workspace at or above it, else the task that the executor is busy
/// with, else the innermost frame that is not the allocator's.
///
/// One pass from parents to children, so deep stacks cost no more than shallow ones.
pub(crate) fn owners(stacks: &Stacks) -> Vec<Option<&Frame>> {
    let mut owners: Vec<Option<&Frame>> = Vec::with_capacity(stacks.nodes.len());
    for node in &stacks.nodes {
        let inherited = node
            .parent
            .and_then(|parent| owners.get(parent as usize).copied().flatten());
        let own = stacks.frames.get(node.frame as usize);
        let is_plumbing = |frame: &Frame| {
            matches!(
                frame.category,
                Category::Allocator | Category::Memcpy | Category::Unknown
            )
        };
        owners.push(match (inherited, own) {
            (inherited, None) => inherited,
            (_, Some(own)) if own.is_own() => Some(own),
            (Some(inherited), Some(own))
                if inherited.is_own() || inherited.kind == FrameKind::Task || is_plumbing(own) =>
            {
                Some(inherited)
            }
            (_, Some(own)) => Some(own),
        });
    }
    owners
}
