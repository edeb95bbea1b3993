//! What lies in the buffers between vertices.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::switches::{Decode, Encode, Freeze, Switches};

/// A message between two vertices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Number of the frame.
    pub id: u64,
    /// When the frame was taken, in milliseconds of the video.
    pub event_time: u64,
    /// A frame, or what was found in it.
    pub value: Bytes,
}

/// Bytes in front of the value: id, event time and length.
const HEADER: usize = 8 + 8 + 4;

/// The bytes are no message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("message of {length} B is cut short")]
pub struct Truncated {
    /// Bytes there are.
    pub length: usize,
}

impl Message {
    /// The bytes of the message, ready to be shared.
    pub fn encode(&self, switches: Switches) -> Bytes {
        let mut buffer = match switches.encode {
            Encode::Grow => BytesMut::new(),
            Encode::Preallocate => BytesMut::with_capacity(HEADER + self.value.len()),
        };
        buffer.put_u64(self.id);
        buffer.put_u64(self.event_time);
        buffer.put_u32(self.value.len() as u32);
        buffer.put_slice(&self.value);
        match switches.freeze {
            Freeze::Clone => buffer.clone().freeze(),
            Freeze::Move => buffer.freeze(),
        }
    }

    /// The message in these bytes.
    ///
    /// # Errors
    /// When there are fewer bytes than the message says.
    pub fn decode(mut bytes: Bytes, switches: Switches) -> Result<Self, Truncated> {
        let truncated = Truncated {
            length: bytes.len(),
        };
        if bytes.len() < HEADER {
            return Err(truncated);
        }
        let (id, event_time, length) = (bytes.get_u64(), bytes.get_u64(), bytes.get_u32() as usize);
        if bytes.len() < length {
            return Err(truncated);
        }
        let value = bytes.slice(..length);
        let value = match switches.decode {
            Decode::Copy => Bytes::from(value.to_vec()),
            Decode::Slice => value,
        };
        Ok(Self {
            id,
            event_time,
            value,
        })
    }
}
