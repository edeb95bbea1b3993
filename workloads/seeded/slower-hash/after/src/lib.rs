//! Traffic accounting: every packet is added to the flow it belongs to.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use tokio::sync::mpsc;

/// Bytes of a header: addresses, ports, protocol, length.
pub const HEADER: usize = 20;

/// What tells flows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    source: u32,
    target: u32,
    source_port: u16,
    target_port: u16,
    protocol: u8,
}

#[derive(Debug, Default)]
struct Flow {
    packets: u64,
    bytes: u64,
}

/// All flows together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes of all packets.
    pub bytes: u64,
    /// Bytes of the largest flow.
    pub largest: u64,
    /// Headers that were damaged on their way.
    pub damaged: u64,
}

/// Captured headers in blocks, the same ones every time.
pub fn capture(blocks: usize, headers: usize, flows: u64) -> Vec<Vec<u8>> {
    let mut random = 3_u64;
    let mut header = || {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let flow = ((random >> 33) % flows).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&flow.to_be_bytes());
        header[8..12].copy_from_slice(&((flow >> 17) as u32).to_be_bytes());
        header[12] = if flow & 1 == 0 { 6 } else { 17 };
        header[14..16].copy_from_slice(&(40 + (random >> 53) as u16).to_be_bytes());
        let sum = !sum(&header);
        header[18..].copy_from_slice(&sum.to_be_bytes());
        if (random >> 40).is_multiple_of(500) {
            header[17] ^= 1;
        }
        header
    };
    let mut block = || (0..headers).flat_map(|_| header()).collect();
    (0..blocks).map(|_| block()).collect()
}

/// Accounts for all that was captured.
pub async fn run(blocks: &[Vec<u8>]) -> Totals {
    let (sender, mut receiver) = mpsc::channel(4);
    let read = async move {
        for block in blocks {
            if sender.send(block.as_slice()).await.is_err() {
                break;
            }
        }
    };
    let account = async move {
        let mut table = Table::default();
        while let Some(block) = receiver.recv().await {
            for header in block.chunks_exact(HEADER) {
                table.take(header);
            }
        }
        table.totals()
    };
    tokio::join!(read, account).1
}

#[derive(Debug, Default)]
struct Table {
    /// Addresses and ports come from outside, so they are hashed well.
    flows: HashMap<Key, Flow, BuildHasherDefault<DefaultHasher>>,
    damaged: u64,
}

impl Table {
    fn take(&mut self, header: &[u8]) {
        if sum(header) == u16::MAX {
            let (key, bytes) = parse(header);
            self.account(key, bytes);
        } else {
            self.damaged += 1;
        }
    }

    fn account(&mut self, key: Key, bytes: u64) {
        let flow = self.flows.entry(key).or_default();
        flow.packets += 1;
        flow.bytes += bytes;
    }

    fn totals(&self) -> Totals {
        let flows = || self.flows.values();
        Totals {
            flows: self.flows.len() as u64,
            packets: flows().map(|flow| flow.packets).sum(),
            bytes: flows().map(|flow| flow.bytes).sum(),
            largest: flows().map(|flow| flow.bytes).max().unwrap_or_default(),
            damaged: self.damaged,
        }
    }
}

fn parse(header: &[u8]) -> (Key, u64) {
    let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
    let key = Key {
        source: long(0),
        target: long(4),
        source_port: short(8),
        target_port: short(10),
        protocol: header[12],
    };
    (key, u64::from(short(14)))
}

/// The sum of the header's words in ones' complement.
fn sum(header: &[u8]) -> u16 {
    let words = header.chunks_exact(2);
    words.fold(0_u16, |sum, word| {
        let (sum, carry) = sum.overflowing_add(u16::from_be_bytes([word[0], word[1]]));
        sum + u16::from(carry)
    })
}
