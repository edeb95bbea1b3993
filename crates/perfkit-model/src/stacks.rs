//! Weighted call stacks: CPU samples, allocated bytes, copied bytes, all in one form.
//!
//! A prefix tree over a frame table, with one sparse column of weights per metric. Shape: nodes are in
//! creation order, so a parent's index is always smaller than its child's.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::category::Category;

/// Weighted call stacks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stacks {
    /// Distinct frames.
    pub frames: Vec<Frame>,
    /// The prefix tree. Roots have no parent.
    pub nodes: Vec<Node>,
    /// One column per metric.
    pub columns: Vec<Column>,
}

/// A logical frame: what a person would call one level of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// `ddsplit::store::reassemble`; for [`FrameKind::Moved`] the type's name.
    pub name: String,
    /// Kind.
    #[serde(default)]
    pub kind: FrameKind,
    /// What kind of code it is.
    pub category: Category,
    /// Source file, relative to the workspace where it lies inside; empty where unknown.
    #[serde(default)]
    pub file: String,
    /// Line the call was made from (or the move happens at); 0 where unknown.
    #[serde(default)]
    pub line: u32,
    /// Bytes of the type, for [`FrameKind::Moved`].
    #[serde(default)]
    pub size: u64,
}

impl Frame {
    /// Whether this is code of the standard library, which acts for whoever called it and has the caller's category.
    #[must_use]
    pub fn is_std(&self) -> bool {
        const CRATES: [&str; 3] = ["std", "core", "alloc"];
        // `<[T]>::concat` and `<&mut T as Trait>::method` belong to what stands first in them.
        let name = self.name.trim_start_matches(['<', '&', '[', '*']);
        let name = name.strip_prefix("mut ").unwrap_or(name);
        CRATES.iter().any(|krate| {
            let starts = |text: &str, next: &str| {
                text.strip_prefix(krate)
                    .is_some_and(|rest| rest.starts_with(next))
            };
            starts(name, "::") || starts(&self.file, "/src/")
        })
    }

    /// Whether this is code of the measured workspace: what a person can change.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.category == Category::App && !self.is_std()
    }
}

/// What a [`Frame`] stands for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum FrameKind {
    /// A function.
    #[default]
    Function,
    /// The body of an `async fn` or async block.
    Async,
    /// A spawned task: the root of everything it polls.
    Task,
    /// A move or copy of a value whose type the compiler annotated. Always a leaf.
    Moved,
    /// A move whose type is only suggested by its size. Always a leaf, never a fact.
    Candidate,
    /// Code without a name.
    Unknown,
}

/// One node of the prefix tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// Index of the caller's node; `None` at a root.
    pub parent: Option<u32>,
    /// Index into [`Stacks::frames`].
    pub frame: u32,
}

/// The weights of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Metric id.
    pub metric: String,
    /// Iterations the weights are summed over; divide by it for a value per iteration.
    pub iterations: u32,
    /// (Node, weight of stacks that end there), by node.
    pub weights: Vec<(u32, u64)>,
}

impl Stacks {
    /// The column of a metric.
    #[must_use]
    pub fn column(&self, metric: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.metric == metric)
    }

    /// Frames from the root to this node.
    #[must_use]
    pub fn path(&self, node: u32) -> Vec<&Frame> {
        let mut path = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.and_then(|index| self.nodes.get(index as usize)) {
            if let Some(frame) = self.frames.get(node.frame as usize) {
                path.push(frame);
            }
            // A parent is older than its child; anything else is a damaged file, and would loop.
            next = node
                .parent
                .filter(|parent| next.is_some_and(|own| *parent < own));
        }
        path.reverse();
        path
    }

    /// The frame of a node.
    #[must_use]
    pub fn leaf(&self, node: u32) -> Option<&Frame> {
        self.frames
            .get(self.nodes.get(node as usize)?.frame as usize)
    }

    /// Weight by category of the leaf. The parts sum to the column's total.
    #[must_use]
    pub fn breakdown(&self, metric: &str) -> BTreeMap<Category, u64> {
        let mut parts = BTreeMap::new();
        for (node, weight) in self
            .column(metric)
            .into_iter()
            .flat_map(|column| &column.weights)
        {
            let category = self
                .leaf(*node)
                .map_or(Category::Unknown, |frame| frame.category.clone());
            *parts.entry(category).or_default() += weight;
        }
        parts
    }
}

impl Column {
    /// Sum of all weights.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.weights.iter().map(|(_, weight)| weight).sum()
    }
}

/// Collects stacks into the shared form.
#[derive(Debug, Default)]
pub struct StacksBuilder {
    frames: HashMap<Frame, u32>,
    nodes: HashMap<Node, u32>,
    columns: BTreeMap<String, (u32, BTreeMap<u32, u64>)>,
    order: (Vec<Frame>, Vec<Node>),
}

impl StacksBuilder {
    /// The node of this path (root first), made where it is new. An empty path has none.
    pub fn node(&mut self, path: &[Frame]) -> Option<u32> {
        let mut parent = None;
        for frame in path {
            let frame = match self.frames.get(frame) {
                Some(index) => *index,
                None => {
                    let index = self.order.0.len() as u32;
                    self.order.0.push(frame.clone());
                    self.frames.insert(frame.clone(), index);
                    index
                }
            };
            let node = Node { parent, frame };
            let next = self.order.1.len() as u32;
            let index = *self.nodes.entry(node).or_insert_with(|| {
                self.order.1.push(node);
                next
            });
            parent = Some(index);
        }
        parent
    }

    /// Adds a weight to a node's column; `iterations` is the same for every call with this metric.
    pub fn add(&mut self, node: u32, metric: &str, iterations: u32, weight: u64) {
        if weight == 0 {
            return;
        }
        if !self.columns.contains_key(metric) {
            self.columns
                .insert(metric.to_owned(), (iterations, BTreeMap::new()));
        }
        if let Some((_, weights)) = self.columns.get_mut(metric) {
            *weights.entry(node).or_default() += weight;
        }
    }

    /// The finished stacks.
    #[must_use]
    pub fn finish(self) -> Stacks {
        let columns = self
            .columns
            .into_iter()
            .map(|(metric, (iterations, weights))| Column {
                metric,
                iterations,
                weights: weights.into_iter().collect(),
            });
        Stacks {
            columns: columns.collect(),
            frames: self.order.0,
            nodes: self.order.1,
        }
    }
}
