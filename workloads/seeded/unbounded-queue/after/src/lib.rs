//! A backup: the blocks of a volume are read, packed and put into an archive.

use tokio::sync::mpsc;

/// Bytes of a block.
pub const BLOCK: usize = 16 * 1024;

/// What has been backed up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// Blocks.
    pub blocks: u64,
    /// Their bytes, packed.
    pub packed: u64,
    /// Checksum of all packed bytes, in the order of blocks.
    pub checksum: u64,
}

struct Block {
    number: u64,
    bytes: Vec<u8>,
}

/// A volume of so many blocks, the same one every time: runs of equal bytes, as data has them.
pub fn volume(blocks: usize) -> Vec<u8> {
    let mut random = 5_u64;
    let mut volume = Vec::with_capacity(blocks * BLOCK);
    while volume.len() < blocks * BLOCK {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let run = (1 + (random >> 60) as usize).min(blocks * BLOCK - volume.len());
        volume.extend(std::iter::repeat_n((random >> 48) as u8, run));
    }
    volume
}

/// Backs the volume up.
pub async fn back_up(volume: &[u8]) -> Archive {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::join!(read_blocks(volume, sender), pack_all(receiver)).1
}

async fn read_blocks(volume: &[u8], queue: mpsc::UnboundedSender<Block>) {
    for (number, bytes) in (0..).zip(volume.chunks(BLOCK)) {
        let block = Block {
            number,
            bytes: bytes.to_vec(),
        };
        // The snapshot is held while it is read: a slow packer must not make that longer.
        if queue.send(block).is_err() {
            break;
        }
    }
}

async fn pack_all(mut queue: mpsc::UnboundedReceiver<Block>) -> Archive {
    let mut archive = Archive::default();
    let mut packed = Vec::with_capacity(2 * BLOCK);
    while let Some(block) = queue.recv().await {
        packed.clear();
        pack(&block.bytes, &mut packed);
        archive.blocks += 1;
        archive.packed += packed.len() as u64;
        archive.checksum = checksum(archive.checksum ^ block.number, &packed);
    }
    archive
}

/// Run lengths, each with its byte.
fn pack(bytes: &[u8], packed: &mut Vec<u8>) {
    for run in bytes.chunk_by(|left, right| left == right) {
        for part in run.chunks(255) {
            packed.extend([part.len() as u8, part[0]]);
        }
    }
}

/// FNV-1a over `bytes`, going on from `hash`.
fn checksum(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
