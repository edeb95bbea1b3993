//! PageRank: the real-world job. Every worker owns some nodes and sends along their edges.

use crate::plane::{Gone, Plane};
use crate::record::{Random, route};

/// How much of a node's rank follows its edges.
const DAMPING: f32 = 0.85;

/// A directed graph in compressed rows.
#[derive(Clone, Debug)]
pub struct Graph {
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl Graph {
    /// A graph of `nodes` nodes with 1 to `2 * degree - 1` edges each. Half the edges lead to a few popular nodes.
    pub fn generate(seed: u64, nodes: u32, degree: u32) -> Self {
        let mut random = Random::new(seed);
        let mut starts = vec![0];
        let mut targets = Vec::new();
        let popular = (nodes / 16).max(1);
        for _ in 0..nodes {
            for _ in 0..1 + random.next() % u64::from(2 * degree.max(1) - 1) {
                let word = random.next();
                let bound = if word & 1 == 0 { nodes } else { popular };
                targets.push((word >> 1) as u32 % bound);
            }
            starts.push(targets.len());
        }
        Self { starts, targets }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u32 {
        (self.starts.len() - 1) as u32
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    fn targets(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node]..self.starts[node + 1]]
    }
}

/// One worker's part of `rounds` rounds. The result holds all nodes; those of other workers stay at 0.
///
/// # Errors
/// When another worker has gone.
pub async fn pagerank(
    graph: &Graph,
    rounds: u32,
    worker: usize,
    workers: usize,
    plane: &mut Plane,
) -> Result<Vec<f32>, Gone> {
    let owned: Vec<u32> = (0..graph.nodes())
        .filter(|node| route(*node, workers) == worker)
        .collect();
    let mut ranks = vec![0.0; graph.nodes() as usize];
    set(&mut ranks, &owned, 1.0);
    for _ in 0..rounds {
        for node in &owned {
            let targets = graph.targets(*node);
            let share = DAMPING * ranks[*node as usize] / targets.len() as f32;
            for target in targets {
                plane.send((*target, share))?;
            }
        }
        set(&mut ranks, &owned, 1.0 - DAMPING);
        plane
            .finish_round(|record| ranks[record.0 as usize] += record.1)
            .await?;
    }
    Ok(ranks)
}

/// The ranks after `rounds` rounds, computed in double precision without exchanging anything.
pub fn reference(graph: &Graph, rounds: u32) -> Vec<f64> {
    let damping = f64::from(DAMPING);
    let mut ranks = vec![1.0; graph.nodes() as usize];
    for _ in 0..rounds {
        let mut next = vec![1.0 - damping; ranks.len()];
        for node in 0..graph.nodes() {
            let targets = graph.targets(node);
            for target in targets {
                next[*target as usize] += damping * ranks[node as usize] / targets.len() as f64;
            }
        }
        ranks = next;
    }
    ranks
}

fn set(ranks: &mut [f32], nodes: &[u32], rank: f32) {
    for node in nodes {
        ranks[*node as usize] = rank;
    }
}
