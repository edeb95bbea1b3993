//! Weighted stacks: what goes in comes out, parts sum to the whole, and damaged trees end.

use perfkit_model::category::Category;
use perfkit_model::stacks::{Column, Frame, FrameKind, Node, Stacks, StacksBuilder};

fn frame(name: &str, category: Category) -> Frame {
    Frame {
        name: name.to_owned(),
        kind: FrameKind::Function,
        category,
        file: "src/store.rs".to_owned(),
        line: 88,
        size: 0,
    }
}

/// Paths with (metric, weight), root first.
fn paths() -> Vec<(Vec<Frame>, &'static str, u64)> {
    let main = frame("main", Category::App);
    let store = frame("store", Category::App);
    let malloc = frame("malloc", Category::Allocator);
    let encode = frame("encode", Category::Dependency("prost".to_owned()));
    let moved = Frame {
        kind: FrameKind::Moved,
        size: 50_008,
        ..frame("Result<u64, DistriErr>", Category::Memcpy)
    };
    vec![
        (
            vec![main.clone(), store.clone(), malloc.clone()],
            "heap.bytes",
            640,
        ),
        (vec![main.clone(), encode.clone(), malloc], "heap.bytes", 60),
        (vec![main.clone(), store.clone()], "heap.bytes", 300),
        (
            vec![main.clone(), store.clone(), moved],
            "memcpy.bytes",
            50_008,
        ),
        (vec![main.clone(), encode], "memcpy.bytes", 12),
        // Recursion: the same frame again is another node.
        (vec![main, store.clone(), store], "memcpy.bytes", 1),
    ]
}

fn built() -> Stacks {
    let mut builder = StacksBuilder::default();
    for (path, metric, weight) in paths() {
        let node = builder.node(&path).unwrap();
        builder.add(node, metric, 5, weight);
    }
    builder.finish()
}

#[test]
fn every_path_comes_back_with_its_weight() {
    let stacks = built();
    for metric in ["heap.bytes", "memcpy.bytes"] {
        let column = stacks.column(metric).unwrap();
        assert_eq!(column.iterations, 5);
        let mut found: Vec<(Vec<&Frame>, u64)> = column
            .weights
            .iter()
            .map(|(node, weight)| (stacks.path(*node), *weight))
            .collect();
        let all = paths();
        let mut expected: Vec<(Vec<&Frame>, u64)> = all
            .iter()
            .filter(|(_, of, _)| *of == metric)
            .map(|(path, _, weight)| (path.iter().collect(), *weight))
            .collect();
        found.sort_by_key(|(_, weight)| *weight);
        expected.sort_by_key(|(_, weight)| *weight);
        assert_eq!(found, expected);
    }
    assert_eq!(stacks.column("cpu.samples"), None);
}

#[test]
fn frames_and_shared_beginnings_are_stored_once() {
    let stacks = built();
    assert_eq!(stacks.frames.len(), 5);
    // main, main;store, main;encode, two malloc, moved, main;store;store.
    assert_eq!(stacks.nodes.len(), 7);
    for (index, node) in stacks.nodes.iter().enumerate() {
        assert!(node.parent.is_none_or(|parent| (parent as usize) < index));
    }
}

#[test]
fn weights_of_one_path_are_added_and_nothing_weighs_nothing() {
    let mut builder = StacksBuilder::default();
    let path = [frame("main", Category::App)];
    for weight in [3, 0, 4] {
        let node = builder.node(&path).unwrap();
        builder.add(node, "heap.allocs", 1, weight);
        builder.add(node, "heap.bytes", 1, 0);
    }
    assert_eq!(builder.node(&[]), None);
    let stacks = builder.finish();
    assert_eq!(stacks.column("heap.allocs").unwrap().weights, [(0, 7)]);
    assert_eq!(stacks.column("heap.bytes"), None);
}

#[test]
fn a_breakdown_sums_to_the_whole() {
    let stacks = built();
    let parts = stacks.breakdown("heap.bytes");
    assert_eq!(parts[&Category::Allocator], 700);
    assert_eq!(parts[&Category::App], 300);
    for metric in ["heap.bytes", "memcpy.bytes"] {
        let parts = stacks.breakdown(metric);
        assert_eq!(
            parts.values().sum::<u64>(),
            stacks.column(metric).unwrap().total()
        );
    }
    assert!(stacks.breakdown("cpu.samples").is_empty());
}

#[test]
fn stacks_survive_their_file() {
    let stacks = built();
    let text = serde_json::to_string(&stacks).unwrap();
    assert_eq!(serde_json::from_str::<Stacks>(&text).unwrap(), stacks);
}

/// Nodes whose parents are themselves, each other, younger or nowhere; frames and nodes that do not exist.
#[test]
fn damaged_trees_end_and_keep_their_weight() {
    let node = |parent, frame| Node { parent, frame };
    let stacks = Stacks {
        frames: vec![frame("main", Category::App)],
        nodes: vec![
            node(Some(0), 0),
            node(Some(2), 0),
            node(Some(1), 0),
            node(Some(99), 0),
            node(None, 99),
            node(Some(4), 0),
        ],
        columns: vec![Column {
            metric: "heap.bytes".to_owned(),
            iterations: 1,
            weights: (0..8)
                .map(|node| (node, 10))
                .chain([(u32::MAX, 1)])
                .collect(),
        }],
    };
    let lengths: Vec<usize> = (0..8).map(|node| stacks.path(node).len()).collect();
    assert_eq!(lengths, [1, 1, 2, 1, 0, 1, 0, 0]);
    assert_eq!(stacks.leaf(u32::MAX), None);
    let parts = stacks.breakdown("heap.bytes");
    assert_eq!(parts[&Category::App], 50);
    assert_eq!(parts[&Category::Unknown], 31);
    assert_eq!(parts.values().sum::<u64>(), stacks.columns[0].total());
}
