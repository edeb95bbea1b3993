//! The stacks as one compact block of JSON: base and head merged into one tree, one weight list per side.

use std::collections::HashMap;

use perfkit_model::metric::{self, Unit};
use perfkit_model::run::Case;
use perfkit_model::stacks::{Frame, FrameKind, Stacks};
use serde::Serialize;

use super::palette::Palette;
use crate::digest::cases::CaseDigest;
use crate::digest::scale::scale;
use crate::{RenderError, json, text};

/// A tab per metric that has stacks, in this order; metrics without a row here follow by id.
const TABS: [(&str, &str); 8] = [
    ("cpu.samples", "CPU"),
    ("instructions.count", "Instructions"),
    ("heap.bytes", "Allocated bytes"),
    ("heap.allocs", "Allocations"),
    ("memcpy.bytes", "Copied bytes"),
    ("memcpy.calls", "Copies"),
    ("io.calls", "I/O calls"),
    ("io.bytes", "I/O bytes"),
];

/// Frames below this share of every metric are drawn as part of their caller: a pixel of a wide screen is
/// 0.05 %, and the page has to stay small.
const SMALLEST_SHARE: f64 = 0.0002;

/// Characters of a name in the drawing's details.
const LONGEST_NAME: usize = 400;

#[derive(Serialize)]
struct Graph {
    frames: Vec<GraphFrame>,
    /// Per node the index of its caller, or -1. Callers come first.
    parents: Vec<i64>,
    /// Per node the index of its frame.
    nodes: Vec<usize>,
    tabs: Vec<Tab>,
}

#[derive(Serialize, Clone)]
struct GraphFrame {
    name: String,
    kind: &'static str,
    category: String,
    class: String,
    at: String,
}

#[derive(Serialize)]
struct Tab {
    metric: String,
    title: String,
    unit: Unit,
    sampled: bool,
    head: Option<Weights>,
    base: Option<Weights>,
}

#[derive(Serialize, Clone)]
struct Weights {
    /// Value of weight 1 per iteration.
    scale: f64,
    nodes: Vec<usize>,
    weights: Vec<u64>,
}

/// Whether a case has stacks worth a drawing.
pub(super) fn has_graph(case: &CaseDigest<'_>) -> bool {
    let sides = [Some(case.case), case.base];
    let mut columns = sides
        .into_iter()
        .flatten()
        .flat_map(|side| &side.stacks.columns);
    columns.any(|column| column.total() > 0)
}

/// The graphs of all cases, `null` where there is none, safe inside a `script` element.
pub(super) fn json(cases: &[CaseDigest<'_>], palette: &Palette) -> Result<String, RenderError> {
    let graphs: Vec<Option<Graph>> = cases
        .iter()
        .map(|case| has_graph(case).then(|| graph(case, palette)))
        .collect();
    let text = serde_json::to_string(&graphs)?;
    Ok(json::escaped(&text, |character| {
        matches!(character, '<' | '>' | '&') || text::misleads(character)
    }))
}

/// The merged tree before small frames are dropped.
#[derive(Default)]
struct Merge {
    frames: Vec<GraphFrame>,
    known_frames: HashMap<(String, FrameKind, u64), usize>,
    /// (Caller, frame) of every node.
    nodes: Vec<(Option<usize>, usize)>,
    known_nodes: HashMap<(Option<usize>, usize), usize>,
}

impl Merge {
    /// Adds a side's tree; gives the merged node of every node of it.
    ///
    /// Frames are the same when name, kind and size are: lines shift between two versions of a program.
    fn add(&mut self, stacks: &Stacks, palette: &Palette) -> Vec<usize> {
        let frames: Vec<usize> = stacks
            .frames
            .iter()
            .map(|frame| self.frame(frame, palette))
            .collect();
        let mut merged: Vec<usize> = Vec::with_capacity(stacks.nodes.len());
        for node in &stacks.nodes {
            let parent = node
                .parent
                .and_then(|parent| merged.get(parent as usize).copied());
            let frame = match frames.get(node.frame as usize) {
                Some(frame) => *frame,
                None => self.frame(&nameless(), palette),
            };
            let next = self.nodes.len();
            let index = *self.known_nodes.entry((parent, frame)).or_insert(next);
            if index == next {
                self.nodes.push((parent, frame));
            }
            merged.push(index);
        }
        merged
    }

    fn frame(&mut self, frame: &Frame, palette: &Palette) -> usize {
        let key = (frame.name.clone(), frame.kind, frame.size);
        let next = self.frames.len();
        let index = *self.known_frames.entry(key).or_insert(next);
        if index == next {
            let kind = match frame.kind {
                FrameKind::Function => "function",
                FrameKind::Async => "async",
                FrameKind::Task => "task",
                FrameKind::Moved => "moved type",
                FrameKind::Candidate => "moved type, by size only",
                FrameKind::Unknown => "no name",
            };
            self.frames.push(GraphFrame {
                name: text::shortened(&text::frame(frame), LONGEST_NAME),
                kind,
                category: text::name(frame.category.as_str(), 60),
                class: palette.class(Some(&frame.category)),
                at: text::shortened(&text::location(&frame.file, frame.line), LONGEST_NAME),
            });
        }
        index
    }
}

fn nameless() -> Frame {
    Frame {
        name: String::new(),
        kind: FrameKind::Unknown,
        category: perfkit_model::category::Category::Unknown,
        file: String::new(),
        line: 0,
        size: 0,
    }
}

fn graph(case: &CaseDigest<'_>, palette: &Palette) -> Graph {
    let mut merge = Merge::default();
    let head = merge.add(&case.case.stacks, palette);
    let base = case.base.map(|base| merge.add(&base.stacks, palette));
    let sides: Vec<(&Case, &Vec<usize>)> =
        [(Some(case.case), Some(&head)), (case.base, base.as_ref())]
            .into_iter()
            .filter_map(|(case, nodes)| case.zip(nodes))
            .collect();
    let kept = kept(&merge, &sides);
    let mut tabs: Vec<Tab> = metrics(&sides)
        .into_iter()
        .map(|id| {
            let side = |index: usize| {
                let (case, nodes) = sides.get(index)?;
                weights(case, &id, nodes, &kept)
            };
            let column = sides
                .iter()
                .find_map(|(case, _)| Some((case, case.stacks.column(&id)?)));
            let scale = column.map(|(case, column)| scale(case, column));
            let title = TABS
                .iter()
                .find(|(tab, _)| *tab == id)
                .map(|(_, title)| (*title).to_owned());
            Tab {
                head: side(0),
                base: side(1),
                unit: scale.map_or(Unit::Count, |scale| scale.unit),
                sampled: scale.is_some_and(|scale| scale.is_sampled),
                title: title.unwrap_or_else(|| {
                    metric::metric(&id)
                        .map_or_else(|| text::name(&id, 30), |it| it.title.to_owned())
                }),
                metric: text::name(&id, 60),
            }
        })
        .collect();
    tabs.retain(|tab| tab.head.is_some() || tab.base.is_some());
    let survivors = || (0..merge.nodes.len()).filter(|node| kept[*node] == Some(*node));
    let place: HashMap<usize, usize> = survivors().zip(0..).collect();
    for weights in tabs
        .iter_mut()
        .flat_map(|tab| [&mut tab.head, &mut tab.base])
        .flatten()
    {
        for node in &mut weights.nodes {
            *node = place.get(node).copied().unwrap_or(0);
        }
    }
    Graph {
        parents: survivors()
            .map(|node| {
                let parent = merge.nodes[node].0.and_then(|parent| place.get(&parent));
                parent.map_or(-1, |parent| *parent as i64)
            })
            .collect(),
        nodes: survivors().map(|node| merge.nodes[node].1).collect(),
        frames: merge.frames,
        tabs,
    }
}

/// Ids of all metrics with stacks, in the order of their tabs.
fn metrics(sides: &[(&Case, &Vec<usize>)]) -> Vec<String> {
    let columns = sides.iter().flat_map(|(case, _)| &case.stacks.columns);
    let mut ids: Vec<String> = columns
        .filter(|column| column.total() > 0)
        .map(|column| column.metric.clone())
        .collect();
    let place = |id: &str| {
        TABS.iter()
            .position(|(tab, _)| *tab == id)
            .unwrap_or(TABS.len())
    };
    ids.sort_by(|one, other| (place(one), one).cmp(&(place(other), other)));
    ids.dedup();
    ids
}

/// For every merged node the nearest node at or above it that is drawn: itself where it is large enough.
///
/// A root is always drawn, so no weight is lost.
fn kept(merge: &Merge, sides: &[(&Case, &Vec<usize>)]) -> Vec<Option<usize>> {
    let mut is_large = vec![false; merge.nodes.len()];
    for (case, nodes) in sides {
        for column in &case.stacks.columns {
            let mut inclusive = vec![0_u64; merge.nodes.len()];
            for (node, weight) in &column.weights {
                if let Some(node) = nodes.get(*node as usize) {
                    inclusive[*node] += weight;
                }
            }
            for node in (0..merge.nodes.len()).rev() {
                if let Some(parent) = merge.nodes[node].0 {
                    inclusive[parent] += inclusive[node];
                }
            }
            let smallest = column.total() as f64 * SMALLEST_SHARE;
            for (is_large, weight) in is_large.iter_mut().zip(inclusive) {
                *is_large |= weight > 0 && weight as f64 >= smallest;
            }
        }
    }
    let mut kept: Vec<Option<usize>> = Vec::with_capacity(merge.nodes.len());
    for (node, (parent, _)) in merge.nodes.iter().enumerate() {
        let above = parent.and_then(|parent| kept[parent]);
        kept.push(if is_large[node] || above.is_none() {
            Some(node)
        } else {
            above
        });
    }
    kept
}

fn weights(case: &Case, metric: &str, nodes: &[usize], kept: &[Option<usize>]) -> Option<Weights> {
    let column = case.stacks.column(metric)?;
    let mut sums: std::collections::BTreeMap<usize, u64> = std::collections::BTreeMap::new();
    for (node, weight) in &column.weights {
        let target = nodes.get(*node as usize).and_then(|node| kept[*node]);
        if let Some(target) = target {
            *sums.entry(target).or_default() += weight;
        }
    }
    let (nodes, weights) = sums.into_iter().unzip();
    Some(Weights {
        scale: scale(case, column).factor,
        nodes,
        weights,
    })
}
