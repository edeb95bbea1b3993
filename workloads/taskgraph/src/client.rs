//! A client that submits one graph at a time.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};

use crate::graph::{TaskSpec, result_bytes};
use crate::protocol::{Done, Messages, ToServer, Wire, encode};

/// A connection to a server.
pub struct Client {
    messages: Messages<ReadHalf<Wire>>,
    writer: WriteHalf<Wire>,
    request: BytesMut,
}

impl Client {
    /// Nothing is said yet.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        let (reader, writer) = tokio::io::split(wire);
        Self {
            messages: Messages::new(reader),
            writer,
            request: BytesMut::new(),
        }
    }

    /// Submits a graph and waits until all of it is computed.
    ///
    /// # Errors
    /// When the connection breaks off.
    pub async fn compute(&mut self, graph: Vec<TaskSpec>) -> io::Result<Done> {
        self.request.clear();
        encode(&ToServer::Submit { tasks: graph }, &mut self.request)?;
        self.writer.write_all(&self.request).await?;
        let done = self.messages.next().await?;
        done.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// What a server has to say once this graph is done.
#[must_use]
pub fn expected(graph: &[TaskSpec]) -> Done {
    Done {
        tasks: graph.len() as u64,
        bytes: graph.iter().map(|task| result_bytes(task.id)).sum(),
    }
}
