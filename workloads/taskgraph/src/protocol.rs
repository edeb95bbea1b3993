//! Messages between clients, server and workers: MessagePack, each behind its length in four bytes, the lowest first.

use std::io;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tracing::info_span;

use crate::graph::{TaskId, TaskSpec};

/// Largest message that is taken. Whatever announces more is no peer of ours.
const LIMIT: usize = 64 << 20;

const LENGTH_BYTES: usize = 4;

/// Names a worker, in the order they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkerId(pub u32);

/// What the server is told.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToServer {
    /// This connection is a worker's.
    Join,
    /// Compute this.
    Submit {
        /// The graph.
        tasks: Vec<TaskSpec>,
    },
    /// A task is done.
    Finished {
        /// Which one.
        task: TaskId,
        /// What its result takes.
        bytes: u64,
    },
    /// A task was to be given back.
    Stolen {
        /// Which one.
        task: TaskId,
        /// Whether it is: one that is done, or being computed, stays.
        given: bool,
    },
}

/// What a worker is told.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Compute this.
    Compute {
        /// The task.
        task: TaskId,
        /// What people call it.
        key: String,
        /// Its inputs, and who has them.
        inputs: Vec<(TaskId, WorkerId)>,
        /// Microseconds that it takes.
        micros: u32,
    },
    /// Give this back, if it still waits.
    Steal {
        /// The task.
        task: TaskId,
    },
}

/// What a client is told: everything it submitted is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Tasks that were computed.
    pub tasks: u64,
    /// Bytes that all results take.
    pub bytes: u64,
}

/// A stream in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Any such stream.
pub type Wire = Box<dyn Duplex>;

/// Appends a message to what is to be sent.
///
/// # Errors
/// When it is larger than 64 MiB.
pub fn encode(message: &impl Serialize, buffer: &mut BytesMut) -> io::Result<()> {
    let start = buffer.len();
    buffer.put_u32_le(0);
    rmp_serde::encode::write(&mut buffer.writer(), message).map_err(invalid)?;
    let length = buffer.len() - start - LENGTH_BYTES;
    if length > LIMIT {
        return Err(invalid(format!("a message of {length} B is too large")));
    }
    buffer[start..start + LENGTH_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(())
}

/// Reads messages from a stream.
#[derive(Debug)]
pub struct Messages<R> {
    stream: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Messages<R> {
    /// Nothing is read yet.
    pub fn new(stream: R) -> Self {
        Self {
            stream,
            buffer: BytesMut::with_capacity(16 << 10),
        }
    }

    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    /// When the stream fails, ends within a message, or holds something else.
    pub async fn next<M: DeserializeOwned>(&mut self) -> io::Result<Option<M>> {
        loop {
            if let Some(message) = self.buffered()? {
                return Ok(Some(message));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// A message that needs no reading.
    ///
    /// # Errors
    /// When what was read is none.
    pub fn buffered<M: DeserializeOwned>(&mut self) -> io::Result<Option<M>> {
        let Some(length) = self.buffer.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > LIMIT {
            return Err(invalid(format!("a message of {length} B is announced")));
        }
        if self.buffer.len() < LENGTH_BYTES + length {
            self.buffer
                .reserve(LENGTH_BYTES + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(LENGTH_BYTES);
        let body: Bytes = self.buffer.split_to(length).freeze();
        let decode = info_span!("decode", bytes = length);
        decode.in_scope(|| rmp_serde::from_slice(&body).map(Some).map_err(invalid))
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
