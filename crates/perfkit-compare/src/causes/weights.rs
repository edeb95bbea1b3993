//! One metric's stacks of both sides in a form that can be matched.

use std::collections::HashMap;

use perfkit_model::stacks::{FrameKind, Stacks};

use crate::causes::site::{Near, Site, near, site, way};
use crate::environment::Types;

/// One weighted stack.
#[derive(Debug, Clone)]
pub(crate) struct Weight<'a> {
    /// The same number on both sides for the same names from root to leaf, whatever the lines.
    pub(crate) path: u32,
    /// Innermost frames and the moved type, for when whole paths do not match.
    pub(crate) near: (Option<&'a str>, Near<'a>),
    /// Where it ends.
    pub(crate) site: Site<'a>,
    /// Node in its own side's stacks.
    pub(crate) node: u32,
    /// Weight per iteration.
    pub(crate) value: f64,
    /// How much of the base's weight has been found to be the same thing. 0 on the base's side.
    pub(crate) matched: f64,
}

/// The weights of `metric` on both sides, in the order of their nodes.
pub(crate) fn weights<'a>(
    base: &'a Stacks,
    head: &'a Stacks,
    metric: &str,
    types: Types,
) -> (Vec<Weight<'a>>, Vec<Weight<'a>>) {
    let mut paths = Paths::default();
    let base = side(base, metric, types, &mut paths);
    let head = side(head, metric, types, &mut paths);
    (base, head)
}

/// A prefix tree over the names of both sides: equal paths have equal numbers.
#[derive(Default)]
struct Paths<'a> {
    names: HashMap<(&'a str, FrameKind), u32>,
    nodes: HashMap<(Option<u32>, u32), u32>,
}

impl<'a> Paths<'a> {
    fn step(&mut self, parent: Option<u32>, name: &'a str, kind: FrameKind) -> u32 {
        let next = self.names.len() as u32;
        let name = *self.names.entry((name, kind)).or_insert(next);
        let next = self.nodes.len() as u32;
        *self.nodes.entry((parent, name)).or_insert(next)
    }
}

fn side<'a>(
    stacks: &'a Stacks,
    metric: &str,
    types: Types,
    paths: &mut Paths<'a>,
) -> Vec<Weight<'a>> {
    let Some(column) = stacks.column(metric) else {
        return Vec::new();
    };
    // Parents come before their children, so one pass numbers the whole tree. A damaged parent makes a root.
    let mut numbers: Vec<u32> = Vec::with_capacity(stacks.nodes.len());
    for node in &stacks.nodes {
        let parent = node
            .parent
            .and_then(|parent| numbers.get(parent as usize).copied());
        let number = match stacks.frames.get(node.frame as usize) {
            Some(frame) if types == Types::OneSided && way(frame).is_some() => {
                parent.unwrap_or_else(|| paths.step(None, "", FrameKind::Unknown))
            }
            Some(frame) => paths.step(parent, &frame.name, frame.kind),
            None => paths.step(parent, "", FrameKind::Unknown),
        };
        numbers.push(number);
    }
    let iterations = f64::from(column.iterations.max(1));
    column
        .weights
        .iter()
        .filter(|(_, weight)| *weight > 0)
        .filter_map(|(node, weight)| {
            let path = *numbers.get(*node as usize)?;
            let frames = stacks.path(*node);
            let site = site(&frames);
            let ty = match types {
                Types::Comparable => site.ty.map(|ty| ty.name),
                Types::OneSided => None,
            };
            Some(Weight {
                path,
                near: (ty, near(&frames)),
                site,
                node: *node,
                value: *weight as f64 / iterations,
                matched: 0.0,
            })
        })
        .collect()
}
