//! The coordinator's end of its connections.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::{FragmentError, SuccessCode};
use crate::frame::{Frame, FrameKind, read_frame, write_frame};
use crate::record::{Fragment, FragmentId};
use crate::wire::Wire;

/// One connection per server. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    links: Arc<[Link]>,
}

/// A connection that answers one request at a time.
pub struct Link {
    server: u16,
    wire: Mutex<Box<dyn Wire>>,
}

impl Links {
    /// Takes the connections in the order of their servers.
    pub fn new(wires: Vec<Box<dyn Wire>>) -> Self {
        let links = (0..)
            .zip(wires)
            .map(|(server, wire)| Link {
                server,
                wire: Mutex::new(wire),
            })
            .collect();
        Self { links }
    }

    /// How many servers there are, and so how many fragments a record has.
    pub fn servers(&self) -> u16 {
        self.links.len() as u16
    }

    /// How many fragments of a record suffice: one server may fail, unless there is only one.
    pub fn threshold(&self) -> u16 {
        self.servers().saturating_sub(1).max(1)
    }

    /// The number of the server that keeps this fragment. Fragments of one record never share a server.
    pub fn server_of(&self, id: FragmentId) -> u16 {
        let servers = self.links.len() as u64;
        ((id.key % servers + u64::from(id.index)) % servers) as u16
    }

    /// The connection to the server that keeps this fragment.
    pub fn link(&self, id: FragmentId) -> &Link {
        &self.links[usize::from(self.server_of(id))]
    }
}

impl Link {
    /// Has the server keep a fragment.
    ///
    /// # Errors
    /// Corrupt when the server did not get what was sent, or an I/O error.
    pub async fn store<E: FragmentError>(&self, fragment: Fragment) -> Result<SuccessCode, E> {
        let reply = self
            .call(Frame {
                kind: FrameKind::Store,
                fragment,
            })
            .await?;
        match reply.kind {
            FrameKind::Stored => Ok(SuccessCode::Stored),
            FrameKind::Replaced => Ok(SuccessCode::Replaced),
            _ => Err(self.failure(&reply)),
        }
    }

    /// Fetches a fragment and checks it.
    ///
    /// # Errors
    /// Corrupt or missing as the server says, corrupt when it suffered on the way, or an I/O error.
    pub async fn load<E: FragmentError>(&self, id: FragmentId) -> Result<Fragment, E> {
        let reply = self.call(Frame::bare(FrameKind::Load, id)).await?;
        match reply.kind {
            FrameKind::Loaded if reply.fragment.is_intact() => Ok(reply.fragment),
            FrameKind::Loaded => Err(E::corrupt(self.server, &reply.fragment.payload)),
            _ => Err(self.failure(&reply)),
        }
    }

    async fn call(&self, request: Frame) -> io::Result<Frame> {
        let mut wire = self.wire.lock().await;
        write_frame(&mut **wire, &request).await?;
        let hung_up = || io::Error::new(io::ErrorKind::UnexpectedEof, "the server has hung up");
        read_frame(&mut **wire).await?.ok_or_else(hung_up)
    }

    fn failure<E: FragmentError>(&self, reply: &Frame) -> E {
        match reply.kind {
            FrameKind::Corrupt => E::corrupt(self.server, &reply.fragment.payload),
            FrameKind::Missing => E::missing(reply.fragment.id),
            _ => io::Error::new(
                io::ErrorKind::InvalidData,
                "the reply does not fit the request",
            )
            .into(),
        }
    }
}
