//! Messages, and where a worker takes the memory for them from.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::record::{RECORD_BYTES, Record, decode, encode};
use crate::slab::SlabPool;
use crate::switches::{Encoding, Memory, Switches};

/// Records on their way to one worker.
#[derive(Debug)]
pub enum Message {
    /// Serialised, in memory of its own.
    Owned(Vec<u8>),
    /// Serialised, in a slice of a slab.
    Shared(Bytes),
    /// As they are.
    Typed(Vec<Record>),
}

/// A message that is still being filled.
#[derive(Debug)]
pub enum Draft {
    /// Becomes [`Message::Owned`].
    Owned(Vec<u8>),
    /// Becomes [`Message::Shared`].
    Piece(BytesMut),
    /// Becomes [`Message::Typed`].
    Typed(Vec<Record>),
}

/// Where a worker's drafts come from.
#[derive(Debug)]
pub enum Buffers {
    /// The allocator.
    Fresh,
    /// Slabs.
    Slabs(SlabPool),
    /// Vectors that readers have sent back.
    Returned(UnboundedReceiver<Vec<Record>>),
}

/// How many messages a slab holds.
const PIECES: usize = 128;

impl Buffers {
    /// The source that the switches ask for, for messages of `records` records, and where readers return vectors to.
    pub fn new(switches: Switches, records: usize) -> (Self, UnboundedSender<Vec<Record>>) {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let buffers = match (switches.memory, switches.encoding) {
            (Memory::Fresh, _) => Self::Fresh,
            (Memory::Pooled, Encoding::Serialised) => {
                Self::Slabs(SlabPool::new(records * RECORD_BYTES, PIECES))
            }
            (Memory::Pooled, Encoding::Typed) => Self::Returned(receiver),
        };
        (buffers, sender)
    }

    /// An empty draft with room for `records` records.
    pub fn draft(&mut self, encoding: Encoding, records: usize) -> Draft {
        match (self, encoding) {
            (Self::Slabs(pool), _) => Draft::Piece(pool.take()),
            (Self::Returned(returned), _) => Draft::Typed(
                returned
                    .try_recv()
                    .unwrap_or_else(|_| Vec::with_capacity(records)),
            ),
            (Self::Fresh, Encoding::Serialised) => {
                Draft::Owned(Vec::with_capacity(records * RECORD_BYTES))
            }
            (Self::Fresh, Encoding::Typed) => Draft::Typed(Vec::with_capacity(records)),
        }
    }
}

impl Draft {
    /// Adds a record and says how many there are now.
    pub fn push(&mut self, record: Record) -> usize {
        match self {
            Self::Owned(bytes) => {
                bytes.extend_from_slice(&encode(record));
                bytes.len() / RECORD_BYTES
            }
            Self::Piece(piece) => {
                piece.put_slice(&encode(record));
                piece.len() / RECORD_BYTES
            }
            Self::Typed(records) => {
                records.push(record);
                records.len()
            }
        }
    }

    /// The message to send.
    pub fn finish(self) -> Message {
        match self {
            Self::Owned(bytes) => Message::Owned(bytes),
            Self::Piece(piece) => Message::Shared(piece.freeze()),
            Self::Typed(records) => Message::Typed(records),
        }
    }
}

impl Message {
    /// Passes every record on, and gives the memory back to where it came from.
    pub fn consume(self, home: &UnboundedSender<Vec<Record>>, consume: impl FnMut(Record)) {
        match self {
            Self::Owned(bytes) => decode(&bytes).for_each(consume),
            Self::Shared(bytes) => decode(&bytes).for_each(consume),
            Self::Typed(mut records) => {
                records.drain(..).for_each(consume);
                // Nobody listens where vectors are fresh for each message: the vector is freed here.
                drop(home.send(records));
            }
        }
    }
}
