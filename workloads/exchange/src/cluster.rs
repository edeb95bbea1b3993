//! Workers that run jobs as tasks.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::pagerank::{Graph, pagerank};
use crate::plane::{Gone, Plane};
use crate::shuffle::{Shuffle, Tally, broadcast, shuffle};
use crate::switches::Switches;

/// Workers and what they work on. A job that is given up takes its workers with it.
#[derive(Debug)]
pub struct Cluster {
    seed: u64,
    graph: Arc<Graph>,
    workers: usize,
    /// Which of all workers are here.
    here: Range<usize>,
    planes: Vec<Plane>,
    /// Ends with the cluster.
    _bridge: JoinSet<io::Result<()>>,
}

/// How a cluster is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Workers, each a task.
    pub workers: usize,
    /// Records per message.
    pub batch: usize,
    /// What the records of a shuffle are made from.
    pub seed: u64,
    /// What PageRank runs over.
    pub graph: Graph,
}

impl Cluster {
    /// Connects the workers.
    pub fn new(layout: Layout, switches: Switches) -> Self {
        Self {
            seed: layout.seed,
            graph: Arc::new(layout.graph),
            workers: layout.workers,
            here: 0..layout.workers,
            planes: Plane::connect(layout.workers, layout.batch, switches),
            _bridge: JoinSet::new(),
        }
    }

    /// Connects the workers of this process with those of another one, whose cluster is laid out alike. Runs on the current
    /// tokio runtime.
    pub fn across<S>(layout: Layout, switches: Switches, here: Range<usize>, stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let Layout { workers, batch, .. } = layout;
        let (planes, bridge) = Plane::connect_some(workers, here.clone(), batch, switches);
        let (reader, writer) = tokio::io::split(stream);
        let mut running = JoinSet::new();
        running.spawn(bridge.run(reader, writer));
        Self {
            seed: layout.seed,
            graph: Arc::new(layout.graph),
            workers,
            here,
            planes,
            _bridge: running,
        }
    }

    /// Runs a broadcast and returns what each worker received.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn broadcast(&mut self, job: Shuffle) -> Result<Vec<Tally>, Gone> {
        let seed = self.seed;
        self.each(|worker, mut plane| async move {
            let tally = broadcast(job, seed, worker, &mut plane).await?;
            Ok((tally, plane))
        })
        .await
    }

    /// Runs a shuffle and returns what each worker of this process received.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn shuffle(&mut self, job: Shuffle) -> Result<Vec<Tally>, Gone> {
        let seed = self.seed;
        self.each(|worker, mut plane| async move {
            let tally = shuffle(job, seed, worker, &mut plane).await?;
            Ok((tally, plane))
        })
        .await
    }

    /// Runs PageRank and returns the rank of every node; their mean is 1. Nodes of workers in another process stay at 0.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn pagerank(&mut self, rounds: u32) -> Result<Vec<f32>, Gone> {
        let (graph, workers) = (self.graph.clone(), self.workers);
        let mut ranks = vec![0.0; graph.nodes() as usize];
        let parts = self
            .each(|worker, mut plane| {
                let graph = graph.clone();
                async move {
                    let ranks = pagerank(&graph, rounds, worker, workers, &mut plane).await?;
                    Ok((ranks, plane))
                }
            })
            .await?;
        for part in parts {
            for (rank, part) in ranks.iter_mut().zip(part) {
                *rank += part;
            }
        }
        Ok(ranks)
    }

    /// What PageRank runs over.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Spawns a job for every worker and waits for all. A worker that fails drops its end of the plane, which
    /// ends the others' jobs as well.
    async fn each<T, F>(&mut self, job: impl Fn(usize, Plane) -> F) -> Result<Vec<T>, Gone>
    where
        T: Send + 'static,
        F: Future<Output = Result<(T, Plane), Gone>> + Send + 'static,
    {
        if self.planes.len() < self.here.len() {
            return Err(Gone {
                worker: self.here.start + self.planes.len(),
            });
        }
        self.planes.iter_mut().for_each(Plane::begin);
        let planes = self.here.clone().zip(self.planes.drain(..));
        let tasks: Vec<_> = planes
            .map(|(worker, plane)| tokio::spawn(job(worker, plane)))
            .collect();
        let mut results = Vec::with_capacity(tasks.len());
        for (worker, task) in self.here.clone().zip(tasks) {
            let (result, plane) = task.await.map_err(|_| Gone { worker })??;
            results.push(result);
            self.planes.push(plane);
        }
        Ok(results)
    }
}
