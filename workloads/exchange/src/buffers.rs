//! Messages, and where a worker takes the memory for them from.

use std::sync::{Arc, Mutex, PoisonError};

use crate::record::{RECORD_BYTES, Record, decode, encode};
use crate::slab::SlabPool;
use crate::switches::{Encoding, Memory, Switches};
use bytes::{Bytes, BytesMut};

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
    Piece {
        /// All bytes of the piece.
        bytes: BytesMut,
        /// How many records it holds already.
        records: usize,
    },
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
    /// Vectors that readers have sent home.
    Returned(Home),
}

/// Where readers put the vectors of one worker once they are empty.
#[derive(Clone, Debug, Default)]
pub struct Home(Arc<Mutex<Vec<Vec<Record>>>>);

/// How many messages a slab holds.
const PIECES: usize = 128;

impl Buffers {
    /// The source that the switches ask for, for messages of `records` records.
    pub fn new(switches: Switches, records: usize) -> Self {
        match (switches.memory, switches.encoding) {
            (Memory::Fresh, _) => Self::Fresh,
            (Memory::Pooled, Encoding::Serialised) => {
                Self::Slabs(SlabPool::new(records * RECORD_BYTES, PIECES))
            }
            (Memory::Pooled, Encoding::Typed) => Self::Returned(Home::default()),
        }
    }

    /// Where readers return vectors to, if they do.
    pub fn home(&self) -> Option<Home> {
        match self {
            Self::Returned(home) => Some(home.clone()),
            Self::Fresh | Self::Slabs(_) => None,
        }
    }

    /// Begins a job with a slab of its own: one that two jobs share would come back only after both.
    pub fn begin(&mut self) {
        if let Self::Slabs(pool) = self {
            pool.turn_over();
        }
    }

    /// Memory for a serialised message of so many bytes, up to what was agreed, that comes from elsewhere.
    pub fn incoming(&mut self, bytes: usize) -> Draft {
        match self {
            Self::Slabs(pool) => Draft::Piece {
                bytes: pool.take(),
                records: 0,
            },
            Self::Fresh | Self::Returned(_) => Draft::Owned(Vec::with_capacity(bytes)),
        }
    }

    /// An empty draft with room for `records` records.
    pub fn draft(&mut self, encoding: Encoding, records: usize) -> Draft {
        match (self, encoding) {
            (Self::Slabs(pool), _) => Draft::Piece {
                bytes: pool.take(),
                records: 0,
            },
            (Self::Returned(home), _) => {
                Draft::Typed(home.take().unwrap_or_else(|| Vec::with_capacity(records)))
            }
            (Self::Fresh, Encoding::Serialised) => {
                Draft::Owned(Vec::with_capacity(records * RECORD_BYTES))
            }
            (Self::Fresh, Encoding::Typed) => Draft::Typed(Vec::with_capacity(records)),
        }
    }
}

impl Home {
    fn take(&self) -> Option<Vec<Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, records: Vec<Record>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(records);
    }
}

impl Draft {
    /// Adds a record, up to the number that was agreed, and says how many there are now.
    pub fn push(&mut self, record: Record) -> usize {
        match self {
            Self::Owned(bytes) => {
                bytes.extend_from_slice(&encode(record));
                bytes.len() / RECORD_BYTES
            }
            Self::Piece { bytes, records } => {
                // PERF: `put_slice` is a call of memcpy for each 8 B; an array is a store.
                if let Some(place) = bytes.as_chunks_mut().0.get_mut(*records) {
                    *place = encode(record);
                    *records += 1;
                }
                *records
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
            Self::Piece { mut bytes, records } => {
                bytes.truncate(records * RECORD_BYTES);
                Message::Shared(bytes.freeze())
            }
            Self::Typed(records) => Message::Typed(records),
        }
    }
}

impl Message {
    /// Bytes that it takes once it is serialised.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Owned(bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
            Self::Typed(records) => records.len() * RECORD_BYTES,
        }
    }

    /// The same message for several readers, who share its memory.
    #[must_use]
    pub fn into_shared(self) -> Bytes {
        match self {
            Self::Owned(bytes) => bytes.into(),
            Self::Shared(bytes) => bytes,
            Self::Typed(records) => {
                let bytes: Vec<u8> = records.into_iter().flat_map(encode).collect();
                bytes.into()
            }
        }
    }

    /// Passes every record on, and gives the memory back to where it came from.
    pub fn consume(self, home: Option<&Home>, consume: impl FnMut(Record)) {
        match self {
            Self::Owned(bytes) => decode(&bytes).for_each(consume),
            Self::Shared(bytes) => decode(&bytes).for_each(consume),
            Self::Typed(mut records) => {
                records.drain(..).for_each(consume);
                if let Some(home) = home {
                    home.put(records);
                }
            }
        }
    }
}
