//! Records, the fragments they are cut into, and the digest that guards both.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::dispersal::disperse;

/// Longest fragment that a server accepts, in bytes.
pub const MAX_FRAGMENT: usize = 50_000;

/// A payload under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Unique in a cluster.
    pub key: u64,
    /// Any bytes.
    pub payload: Bytes,
}

/// Names one fragment of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FragmentId {
    /// The record's key.
    pub key: u64,
    /// Which of the record's shares, from 0.
    pub index: u16,
}

/// One server's share of a record, as it travels and as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Which share of which record.
    pub id: FragmentId,
    /// [`digest`] of the payload when the record was split.
    pub digest: u64,
    /// The bytes; at most [`MAX_FRAGMENT`].
    pub payload: Bytes,
}

impl Record {
    /// Disperses the record into `count` fragments, of which any `threshold` suffice.
    pub fn disperse(&self, count: u16, threshold: u16) -> Vec<Fragment> {
        (0..)
            .zip(disperse(&self.payload, count, threshold))
            .map(|(index, payload)| {
                let id = FragmentId {
                    key: self.key,
                    index,
                };
                Fragment {
                    id,
                    digest: digest(&payload),
                    payload: payload.into(),
                }
            })
            .collect()
    }

    /// A record of pseudo-random bytes that depends on the arguments alone.
    pub fn generate(seed: u64, key: u64, length: usize) -> Self {
        let mut random = Random::new(seed ^ key.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut payload = BytesMut::with_capacity(length + 8);
        while payload.len() < length {
            payload.extend_from_slice(&random.next().to_le_bytes());
        }
        payload.truncate(length);
        Self {
            key,
            payload: payload.freeze(),
        }
    }
}

impl Fragment {
    /// Whether the digest fits the bytes.
    pub fn is_intact(&self) -> bool {
        digest(&self.payload) == self.digest
    }
}

impl fmt::Display for FragmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of record {}", self.index, self.key)
    }
}

/// FNV-1a over 64 bits: a byte at a time, as small systems do it.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// SplitMix64: the same sequence for the same seed on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[expect(
        clippy::should_implement_trait,
        reason = "an endless sequence has no use for an Option"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
