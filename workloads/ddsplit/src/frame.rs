//! The protocol: one frame per request and one per reply, in big-endian fields.
//!
//! `magic u16 · kind u8 · key u64 · index u16 · digest u64 · length u32 · payload`

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::record::{Fragment, FragmentId, MAX_FRAGMENT};
use crate::wire::Wire;

const MAGIC: u16 = 0xdd51;

/// One message in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What is asked or answered.
    pub kind: FrameKind,
    /// The fragment it is about. The payload is empty where the kind has none.
    pub fragment: Fragment,
}

/// What a frame asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Request: keep this fragment.
    Store = 1,
    /// Request: send this fragment.
    Load = 2,
    /// Reply: kept, and new.
    Stored = 3,
    /// Reply: kept in place of an earlier one.
    Replaced = 4,
    /// Reply: here it is.
    Loaded = 5,
    /// Reply: the digest does not fit these bytes.
    Corrupt = 6,
    /// Reply: no such fragment.
    Missing = 7,
}

impl Frame {
    /// A frame without a payload.
    pub fn bare(kind: FrameKind, id: FragmentId) -> Self {
        Self {
            kind,
            fragment: Fragment {
                id,
                digest: 0,
                payload: Bytes::new(),
            },
        }
    }
}

impl FrameKind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Store,
            Self::Load,
            Self::Stored,
            Self::Replaced,
            Self::Loaded,
            Self::Corrupt,
            Self::Missing,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// Writes one frame, field by field, and flushes.
///
/// # Errors
/// Whatever the stream reports, or `InvalidInput` for a payload beyond [`MAX_FRAGMENT`].
pub async fn write_frame(wire: &mut dyn Wire, frame: &Frame) -> io::Result<()> {
    let Fragment {
        id,
        digest,
        payload,
    } = &frame.fragment;
    if payload.len() > MAX_FRAGMENT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "fragment is longer than a frame may be",
        ));
    }
    wire.write_u16(MAGIC).await?;
    wire.write_u8(frame.kind as u8).await?;
    wire.write_u64(id.key).await?;
    wire.write_u16(id.index).await?;
    wire.write_u64(*digest).await?;
    wire.write_u32(payload.len() as u32).await?;
    wire.write_all(payload).await?;
    wire.flush().await
}

/// Reads one frame, or nothing when the other side has hung up between two frames.
///
/// # Errors
/// Whatever the stream reports, or `InvalidData` when the bytes are no frame.
pub async fn read_frame(wire: &mut dyn Wire) -> io::Result<Option<Frame>> {
    let magic = match wire.read_u16().await {
        Ok(magic) => magic,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if magic != MAGIC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "bytes do not start a frame",
        ));
    }
    let kind = FrameKind::from_byte(wire.read_u8().await?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unknown kind of frame"))?;
    let key = wire.read_u64().await?;
    let index = wire.read_u16().await?;
    let digest = wire.read_u64().await?;
    let length = wire.read_u32().await? as usize;
    if length > MAX_FRAGMENT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "fragment is longer than a frame may be",
        ));
    }
    let mut payload = vec![0; length];
    wire.read_exact(&mut payload).await?;
    let fragment = Fragment {
        id: FragmentId { key, index },
        digest,
        payload: payload.into(),
    };
    Ok(Some(Frame { kind, fragment }))
}
