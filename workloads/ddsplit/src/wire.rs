//! Byte streams between the coordinator and a server.

use tokio::io::{AsyncRead, AsyncWrite, BufStream};

use crate::switches::Buffering;

/// What lies between the coordinator and its servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A pair of in-memory pipes per server; deterministic on a current-thread runtime.
    Memory,
    /// A TCP connection per server over loopback, on a port the system chooses.
    Tcp,
}

/// A stream in both directions.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// How much each buffer of a buffered wire holds: a frame of the default shape fits.
const BUFFER: usize = 16 * 1024;

/// Wraps a stream as the switch says. The frame code is the same for both; this line is the whole cure.
pub fn wire(stream: impl Wire + 'static, buffering: Buffering) -> Box<dyn Wire> {
    match buffering {
        Buffering::Unbuffered => Box::new(stream),
        Buffering::Buffered => Box::new(BufStream::with_capacity(BUFFER, BUFFER, stream)),
    }
}
