//! The stream to a user-defined function as gRPC over a unix domain socket, where the function is in another process.

use std::io;
use std::path::Path;

use bytes::Bytes;
use tokio::net::UnixListener;
use tonic::{Code, Status};

use crate::mapper::{MapError, exchange, hand_on};
use crate::message::Message;
use crate::protocol::LIMIT;
use crate::switches::{Decode, Switches, Value};
use crate::udf::Function;

#[macro_use]
mod flavour;

flavour!(vectors, Vec<u8>);
flavour!(slices, Bytes);

/// Requests and responses that wait in each direction.
const WAITING: usize = 2;

/// A vertex's end of the stream.
#[derive(Debug)]
pub enum Stream {
    /// Payloads are vectors of their own, as generated code has them by itself.
    Vectors(vectors::Stream),
    /// Payloads share what was received.
    Slices(slices::Stream),
}

impl Stream {
    /// Connects to a function's socket and shakes hands.
    ///
    /// # Errors
    /// When nobody answers there, or something else.
    pub async fn connect(socket: &Path, switches: Switches) -> io::Result<Self> {
        Ok(match switches.decode {
            Decode::Copy => Self::Vectors(vectors::Stream::connect(socket, switches).await?),
            Decode::Slice => Self::Slices(slices::Stream::connect(socket, switches).await?),
        })
    }

    /// Maps a batch.
    ///
    /// # Errors
    /// When the stream breaks off or the function fails.
    pub(crate) async fn map(&mut self, messages: &[Message]) -> Result<Vec<Message>, MapError> {
        match self {
            Self::Vectors(stream) => stream.map(messages).await,
            Self::Slices(stream) => stream.map(messages).await,
        }
    }
}

/// Runs a function behind a socket. It serves one stream, and ends with its process or task.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: UnixListener,
    function: Function,
    switches: Switches,
) -> io::Result<()> {
    match switches.decode {
        Decode::Copy => vectors::serve(listener, function, switches).await,
        Decode::Slice => slices::serve(listener, function, switches).await,
    }
}

/// A `bytes` field of a generated message.
trait Field {
    /// A value on its way into a message.
    fn of(value: &Bytes, switches: Switches) -> Self;
    /// A value on its way out of one.
    fn value(self, switches: Switches) -> Bytes;
}

impl Field for Vec<u8> {
    fn of(value: &Bytes, _: Switches) -> Self {
        // A vector shares with nobody.
        value.to_vec()
    }

    fn value(self, switches: Switches) -> Bytes {
        match switches.value {
            Value::Copy => self.to_vec().into(),
            Value::Share => self.into(),
        }
    }
}

impl Field for Bytes {
    fn of(value: &Bytes, switches: Switches) -> Self {
        hand_on(value, switches)
    }

    fn value(self, switches: Switches) -> Bytes {
        hand_on(&self, switches)
    }
}

/// What a status in place of a response says: the server gives [`Code::InvalidArgument`] for a value that its function
/// refuses, and all else is the stream's.
fn refused(id: u64, status: Status) -> MapError {
    match status.code() {
        Code::InvalidArgument => MapError::Function {
            id,
            reason: status.message().to_owned(),
        },
        _ => MapError::Stream(broken(status)),
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}
