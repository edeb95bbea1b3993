//! Compaction of a key-value log: of every key the newest value is kept, and deleted keys go.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

/// Keys that occur.
const KEYS: u64 = 1_000;

/// What a compacted log is like.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Records that were read.
    pub records: usize,
    /// Keys that are left.
    pub keys: usize,
    /// Bytes of their values.
    pub bytes: usize,
    /// Sum of the checksums of their values.
    pub checksum: u64,
}

/// A record that does not match its checksum, or is cut off.
#[derive(Debug, PartialEq, Eq)]
pub struct Corrupt;

struct Record {
    key: u64,
    value: Bytes,
    checksum: u64,
}

/// Segments of a log, the same ones every time.
pub fn segments(segments: usize, records: usize) -> Vec<Bytes> {
    let mut random = 11_u64;
    let mut next = move || {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        random >> 33
    };
    let mut segment = || {
        let mut segment = BytesMut::new();
        for _ in 0..records {
            let key = next() % KEYS;
            // An empty value deletes its key.
            let length = (next() % 768).saturating_sub(64);
            let value: Vec<u8> = (0..length).map(|_| next() as u8).collect();
            segment.put_u64(key);
            segment.put_u64(checksum(&value));
            segment.put_u32(length as u32);
            segment.put_slice(&value);
        }
        segment.freeze()
    };
    (0..segments).map(|_| segment()).collect()
}

/// Reads and compacts all segments, oldest first.
///
/// # Errors
///
/// If a record is corrupt.
pub async fn run(segments: &[Bytes]) -> Result<Compacted, Corrupt> {
    let (sender, mut receiver) = mpsc::channel(1);
    let read = async move {
        for segment in segments {
            if sender.send(segment.clone()).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        let (mut newest, mut records) = (FxHashMap::default(), 0);
        while let Some(segment) = receiver.recv().await {
            records += compact(segment, &mut newest).await?;
        }
        Ok(Compacted {
            records,
            keys: newest.len(),
            bytes: newest.values().map(|record| record.value.len()).sum(),
            checksum: newest
                .values()
                .fold(0, |sum, record| sum.wrapping_add(record.checksum)),
        })
    };
    tokio::join!(read, write).1
}

/// Takes the records of a segment over into `newest` and returns how many there were.
async fn compact(
    mut segment: Bytes,
    newest: &mut FxHashMap<u64, Record>,
) -> Result<usize, Corrupt> {
    let mut records = 0;
    while segment.has_remaining() {
        let record = decode(&mut segment)?;
        records += 1;
        if record.value.is_empty() {
            newest.remove(&record.key);
        } else {
            newest.insert(record.key, record);
        }
        // Whoever waits to read has to wait for one record at most.
        tokio::task::yield_now().await;
    }
    Ok(records)
}

fn decode(segment: &mut Bytes) -> Result<Record, Corrupt> {
    let key = segment.try_get_u64().map_err(|_| Corrupt)?;
    let expected = segment.try_get_u64().map_err(|_| Corrupt)?;
    let length = segment.try_get_u32().map_err(|_| Corrupt)? as usize;
    if segment.remaining() < length {
        return Err(Corrupt);
    }
    let value = segment.split_to(length);
    if checksum(&value) != expected {
        return Err(Corrupt);
    }
    Ok(Record {
        key,
        value,
        checksum: expected,
    })
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
