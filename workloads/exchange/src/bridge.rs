//! Joins the planes of two processes over one stream: what a worker sends to one over there goes behind a header of three
//! numbers.

use std::collections::HashMap;
use std::io;

use bytes::{BufMut as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::buffers::{Buffers, Draft, Message};
use crate::plane::Envelope;
use crate::record::{RECORD_BYTES, encode};

/// Sender, receiver and length of a frame, each in four bytes, the lowest first.
const HEADER: usize = 12;

/// Stands for the length where there is no message but the end of a round.
const END_OF_ROUND: u32 = u32::MAX;

/// Bytes that are gathered for one write.
const GATHERED: usize = 64 << 10;

/// Frames that are taken at once.
const MOST_AT_ONCE: usize = 64;

/// Something for a worker in the other process.
#[derive(Debug)]
pub struct Addressed {
    /// Who sends it.
    pub(crate) from: u32,
    /// Who is to have it.
    pub(crate) to: u32,
    /// What it is.
    pub(crate) envelope: Envelope,
}

/// What joins this process's planes with those of another one.
#[derive(Debug)]
pub struct Bridge {
    /// What goes over there.
    pub(crate) outbox: UnboundedReceiver<Addressed>,
    /// Where what comes from over there goes, by sender and receiver.
    pub(crate) inlets: HashMap<(u32, u32), UnboundedSender<Envelope>>,
    /// Memory for what comes.
    pub(crate) buffers: Buffers,
    /// Records of the longest message.
    pub(crate) batch: usize,
}

impl Bridge {
    /// Carries frames in both directions until the stream or the planes end.
    ///
    /// # Errors
    /// When the stream breaks off or holds what no peer of this kind sends.
    pub async fn run<R, W>(self, reader: R, writer: W) -> io::Result<()>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            outbox,
            inlets,
            buffers,
            batch,
        } = self;
        let mut directions = tokio::task::JoinSet::new();
        directions.spawn(send(outbox, writer));
        directions.spawn(receive(inlets, buffers, batch, reader));
        // Whichever ends first ends the other.
        match directions.join_next().await {
            Some(ended) => ended.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

async fn send<W: AsyncWrite + Unpin>(
    mut outbox: UnboundedReceiver<Addressed>,
    mut writer: W,
) -> io::Result<()> {
    let mut gathered = BytesMut::with_capacity(2 * GATHERED);
    let mut frames = Vec::with_capacity(MOST_AT_ONCE);
    while outbox.recv_many(&mut frames, MOST_AT_ONCE).await > 0 {
        for frame in frames.drain(..) {
            write(&mut gathered, frame);
            if gathered.len() >= GATHERED {
                writer.write_all(&gathered).await?;
                gathered.clear();
            }
        }
        writer.write_all(&gathered).await?;
        gathered.clear();
    }
    writer.shutdown().await
}

fn write(gathered: &mut BytesMut, Addressed { from, to, envelope }: Addressed) {
    gathered.put_u32_le(from);
    gathered.put_u32_le(to);
    match envelope {
        Envelope::EndOfRound => gathered.put_u32_le(END_OF_ROUND),
        Envelope::Message(message) => {
            gathered.put_u32_le(message.bytes() as u32);
            match message {
                Message::Owned(bytes) => gathered.put_slice(&bytes),
                Message::Shared(bytes) => gathered.put_slice(&bytes),
                Message::Typed(records) => {
                    records
                        .into_iter()
                        .for_each(|record| gathered.put_slice(&encode(record)));
                }
            }
        }
    }
}

async fn receive<R: AsyncRead + Unpin>(
    inlets: HashMap<(u32, u32), UnboundedSender<Envelope>>,
    mut buffers: Buffers,
    batch: usize,
    reader: R,
) -> io::Result<()> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut reader = tokio::io::BufReader::with_capacity(GATHERED, reader);
    let mut header = [0; HEADER];
    loop {
        match reader.read_exact(&mut header).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        };
        let [from, to, length] = [0, 4, 8].map(|at| {
            let bytes = header[at..].first_chunk().copied();
            u32::from_le_bytes(bytes.unwrap_or_default())
        });
        let inlet = inlets
            .get(&(from, to))
            .ok_or_else(|| invalid(format!("worker {from} sends to worker {to} on this way")))?;
        let envelope = if length == END_OF_ROUND {
            Envelope::EndOfRound
        } else if length as usize > batch * RECORD_BYTES {
            return Err(invalid(format!("a message of {length} B is announced")));
        } else {
            let message = match buffers.incoming(length as usize) {
                Draft::Piece { mut bytes, .. } => {
                    bytes.truncate(length as usize);
                    reader.read_exact(&mut bytes).await?;
                    Message::Shared(bytes.freeze())
                }
                Draft::Owned(mut bytes) => {
                    bytes.resize(length as usize, 0);
                    reader.read_exact(&mut bytes).await?;
                    Message::Owned(bytes)
                }
                Draft::Typed(records) => Message::Typed(records),
            };
            Envelope::Message(message)
        };
        if inlet.send(envelope).is_err() {
            // The worker has ended; so has its job.
            return Ok(());
        }
    }
}
