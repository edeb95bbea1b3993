//! What is exchanged, how it is routed and how it is written down.

/// A key and a value.
pub type Record = (u32, f32);

/// Bytes of a serialised record: key and value, little-endian.
pub const RECORD_BYTES: usize = 8;

/// The worker, of `workers`, that owns a key. Fibonacci hashing: neighbouring keys go to different workers.
pub fn route(key: u32, workers: usize) -> usize {
    let hash = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    ((hash * workers as u64) >> 32) as usize
}

/// The bytes of one record.
pub fn encode((key, value): Record) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[..4].copy_from_slice(&key.to_le_bytes());
    bytes[4..].copy_from_slice(&value.to_le_bytes());
    bytes
}

/// The records of a message; what is left over at its end is no record.
pub fn decode(message: &[u8]) -> impl Iterator<Item = Record> {
    message
        .as_chunks::<RECORD_BYTES>()
        .0
        .iter()
        .map(|[a, b, c, d, e, f, g, h]| {
            (
                u32::from_le_bytes([*a, *b, *c, *d]),
                f32::from_le_bytes([*e, *f, *g, *h]),
            )
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
}
