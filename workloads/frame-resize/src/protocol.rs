//! What goes over the stream between a vertex and its user-defined function.
//!
//! `length u32 · kind u8 · id u64 · payload`, where the length counts what follows it. It stands for the frames of
//! a gRPC stream: the payload is encoded into one buffer together with its header, and one frame is one write.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

use crate::switches::{Decode, Encode, Switches};

/// Largest frame that either side accepts, in bytes.
pub const LIMIT: usize = 64 << 20;

/// Bytes that a length counts beside the payload.
const HEADER: usize = 1 + 8;

/// One message in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub kind: Kind,
    /// Pairs a response with its request.
    pub id: u64,
    /// May be empty.
    pub payload: Bytes,
}

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first envelope in each direction.
    Handshake = 1,
    /// A value to map.
    Request = 2,
    /// The mapped value.
    Mapped = 3,
    /// The value was filtered out.
    Dropped = 4,
    /// The function failed; the payload says why.
    Failed = 5,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Handshake,
            Self::Request,
            Self::Mapped,
            Self::Dropped,
            Self::Failed,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// Encodes an envelope and writes it.
///
/// # Errors
/// Whatever the stream reports, or `InvalidInput` for a payload beyond [`LIMIT`].
pub async fn write(
    stream: &mut WriteHalf<DuplexStream>,
    envelope: &Envelope,
    switches: Switches,
) -> io::Result<()> {
    let length = HEADER + envelope.payload.len();
    if length > LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "payload is longer than the limit",
        ));
    }
    let mut buffer = match switches.encode {
        Encode::Grow => BytesMut::new(),
        Encode::Preallocate => BytesMut::with_capacity(4 + length),
    };
    buffer.put_u32(length as u32);
    buffer.put_u8(envelope.kind as u8);
    buffer.put_u64(envelope.id);
    buffer.put_slice(&envelope.payload);
    stream.write_all(&buffer).await?;
    stream.flush().await
}

/// Reads one envelope, or nothing when the other side has hung up between two.
///
/// # Errors
/// Whatever the stream reports, or `InvalidData` when the bytes are no envelope.
pub async fn read(
    stream: &mut ReadHalf<DuplexStream>,
    switches: Switches,
) -> io::Result<Option<Envelope>> {
    let length = match stream.read_u32().await {
        Ok(length) => length as usize,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if !(HEADER..=LIMIT).contains(&length) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "length is beyond the limit",
        ));
    }
    let mut buffer = BytesMut::with_capacity(length);
    let mut body = stream.take(length as u64);
    while buffer.len() < length {
        if body.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut bytes = buffer.freeze();
    let kind = Kind::from_byte(bytes.get_u8())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unknown kind of envelope"))?;
    let id = bytes.get_u64();
    let payload = match switches.decode {
        Decode::Copy => Bytes::from(bytes.to_vec()),
        Decode::Slice => bytes,
    };
    Ok(Some(Envelope { kind, id, payload }))
}
