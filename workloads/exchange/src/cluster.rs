//! Workers that run as tasks and wait for jobs.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::pagerank::{Graph, pagerank};
use crate::plane::{Gone, Plane};
use crate::shuffle::{Shuffle, Tally, shuffle};
use crate::switches::Switches;

/// Workers and what they work on. Dropping it ends them.
#[derive(Debug)]
pub struct Cluster {
    seed: u64,
    graph: Arc<Graph>,
    workers: Vec<mpsc::UnboundedSender<Job>>,
    _tasks: JoinSet<()>,
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

#[derive(Debug)]
enum Job {
    Shuffle(Shuffle, oneshot::Sender<Result<Tally, Gone>>),
    PageRank(u32, oneshot::Sender<Result<Vec<f32>, Gone>>),
}

impl Cluster {
    /// Spawns the workers on the current runtime.
    pub fn start(layout: Layout, switches: Switches) -> Self {
        let mut tasks = JoinSet::new();
        let graph = Arc::new(layout.graph);
        let planes = Plane::connect(layout.workers, layout.batch, switches);
        let workers = (0..)
            .zip(planes)
            .map(|(index, plane)| {
                let (sender, jobs) = mpsc::unbounded_channel();
                let worker = Worker {
                    index,
                    workers: layout.workers,
                    seed: layout.seed,
                    graph: graph.clone(),
                    plane,
                };
                tasks.spawn(worker.run(jobs));
                sender
            })
            .collect();
        Self {
            seed: layout.seed,
            graph,
            workers,
            _tasks: tasks,
        }
    }

    /// Runs a shuffle and returns what each worker received.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn shuffle(&self, job: Shuffle) -> Result<Vec<Tally>, Gone> {
        self.each(|reply| Job::Shuffle(job, reply)).await
    }

    /// Runs PageRank and returns the rank of every node; their mean is 1.
    ///
    /// # Errors
    /// When a worker has gone.
    pub async fn pagerank(&self, rounds: u32) -> Result<Vec<f32>, Gone> {
        let mut ranks = vec![0.0; self.graph.nodes() as usize];
        for part in self.each(|reply| Job::PageRank(rounds, reply)).await? {
            for (rank, part) in ranks.iter_mut().zip(part) {
                *rank += part;
            }
        }
        Ok(ranks)
    }

    /// What records are made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What PageRank runs over.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Gives the same job to every worker and waits for all.
    async fn each<T>(
        &self,
        job: impl Fn(oneshot::Sender<Result<T, Gone>>) -> Job,
    ) -> Result<Vec<T>, Gone> {
        let mut replies = Vec::with_capacity(self.workers.len());
        for (worker, jobs) in self.workers.iter().enumerate() {
            let (sender, reply) = oneshot::channel();
            jobs.send(job(sender)).map_err(|_| Gone { worker })?;
            replies.push(reply);
        }
        let mut results = Vec::with_capacity(replies.len());
        for (worker, reply) in replies.into_iter().enumerate() {
            results.push(reply.await.map_err(|_| Gone { worker })??);
        }
        Ok(results)
    }
}

struct Worker {
    index: usize,
    workers: usize,
    seed: u64,
    graph: Arc<Graph>,
    plane: Plane,
}

impl Worker {
    /// Takes jobs until the cluster is dropped. A cluster that has stopped waiting needs no reply.
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        while let Some(job) = jobs.recv().await {
            match job {
                Job::Shuffle(job, reply) => {
                    drop(reply.send(shuffle(job, self.seed, self.index, &mut self.plane).await));
                }
                Job::PageRank(rounds, reply) => {
                    let ranks = pagerank(
                        &self.graph,
                        rounds,
                        self.index,
                        self.workers,
                        &mut self.plane,
                    )
                    .await;
                    drop(reply.send(ranks));
                }
            }
        }
    }
}
