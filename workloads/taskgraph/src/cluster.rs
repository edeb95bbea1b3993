//! A server with its workers and a client, all in one process and joined by pipes in memory.

use std::io;

use tokio::task::JoinSet;

use crate::client::{Client, expected};
use crate::graph::TaskSpec;
use crate::protocol::Done;
use crate::server::Server;
use crate::switches::Switches;
use crate::worker::work;

/// Bytes that a pipe holds, about what a loopback socket does.
const PIPE: usize = 64 << 10;

/// Graphs after which pipes, queues and tables have the size that they keep, with up to 191 workers.
const UNTIL_STEADY: u32 = 6;

/// A server with its workers and a client.
pub struct Cluster {
    graph: Vec<TaskSpec>,
    switches: Switches,
    workers: u32,
    seed: u64,
    client: Client,
    _server: Server,
    _workers: JoinSet<io::Result<()>>,
}

impl Cluster {
    /// Starts all of them.
    #[must_use]
    pub fn start(switches: Switches, workers: u32, graph: Vec<TaskSpec>, seed: u64) -> Self {
        let mut server = Server::start(switches, seed);
        let mut running = JoinSet::new();
        for _ in 0..workers {
            let (ours, theirs) = tokio::io::duplex(PIPE);
            server.connect(Box::new(ours));
            running.spawn(work(Box::new(theirs)));
        }
        let (ours, theirs) = tokio::io::duplex(PIPE);
        server.connect(Box::new(ours));
        Self {
            graph,
            switches,
            workers,
            seed,
            client: Client::new(Box::new(theirs)),
            _server: server,
            _workers: running,
        }
    }

    /// Starts all of them anew and computes the graph until no buffer grows any more. What comes then finds the buffers the
    /// same each time: where in them a graph begins depends on all graphs before.
    ///
    /// # Errors
    /// When a connection breaks off.
    pub async fn renew(&mut self) -> io::Result<()> {
        let graph = std::mem::take(&mut self.graph);
        *self = Self::start(self.switches, self.workers, graph, self.seed);
        for _ in 0..UNTIL_STEADY {
            self.compute().await?;
        }
        Ok(())
    }

    /// What is computed in each turn.
    #[must_use]
    pub fn graph(&self) -> &[TaskSpec] {
        &self.graph
    }

    /// Computes the graph once.
    ///
    /// # Errors
    /// When a connection breaks off.
    pub async fn compute(&mut self) -> io::Result<Done> {
        self.client.compute(self.graph.clone()).await
    }

    /// Whether this is what computing the graph comes to.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn check(&self, done: &Done) -> Result<(), String> {
        let expected = expected(&self.graph);
        if *done == expected {
            Ok(())
        } else {
            Err(format!("expected {expected:?}, got {done:?}"))
        }
    }
}
