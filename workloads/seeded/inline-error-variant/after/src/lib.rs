//! Verifies the blocks of an archive on worker tasks and collects what they found.

use std::sync::Arc;

use tokio::sync::mpsc;

/// Bytes of a block, its checksum at the end among them.
pub const BLOCK: usize = 4096;

const CHECKSUM: usize = 8;

/// What a sound block holds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Position in the archive.
    pub number: usize,
    /// Of its content.
    pub digest: u64,
}

/// Why a block is of no use.
#[derive(Debug)]
pub enum BlockError {
    /// It ends early.
    Truncated {
        /// Position in the archive.
        number: usize,
        /// Bytes that are there.
        length: usize,
    },
    /// Its checksum is another one.
    Corrupt {
        /// Position in the archive.
        number: usize,
        /// All of it, for the repair. In place, so that an archive full of damage needs no memory.
        block: [u8; BLOCK],
    },
}

/// What is known of an archive after a pass over it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Sound blocks.
    pub sound: u64,
    /// Sum of their digests.
    pub digests: u64,
    /// Blocks that end early.
    pub truncated: u64,
    /// Blocks with another checksum.
    pub corrupt: u64,
    /// Bytes that a repair has to look at.
    pub suspect: u64,
}

/// Verifies an archive with so many workers.
pub async fn verify(archive: &Arc<Vec<Vec<u8>>>, workers: usize) -> Findings {
    let (sender, receiver) = mpsc::channel(32);
    for worker in 0..workers {
        tokio::spawn(verify_share(
            Arc::clone(archive),
            (worker, workers),
            sender.clone(),
        ));
    }
    drop(sender);
    collect(receiver).await
}

async fn verify_share(
    archive: Arc<Vec<Vec<u8>>>,
    (first, step): (usize, usize),
    results: mpsc::Sender<Result<Entry, BlockError>>,
) {
    let mut block = Vec::with_capacity(BLOCK);
    for number in (first..archive.len()).step_by(step) {
        read(&archive, number, &mut block);
        let result = check(number, &block);
        if results.send(result).await.is_err() {
            break;
        }
    }
}

async fn collect(mut results: mpsc::Receiver<Result<Entry, BlockError>>) -> Findings {
    let mut findings = Findings::default();
    while let Some(result) = results.recv().await {
        match result {
            Ok(entry) => {
                findings.sound += 1;
                findings.digests ^= entry.digest.rotate_left(entry.number as u32 % 64);
            }
            Err(BlockError::Truncated { length, .. }) => {
                findings.truncated += 1;
                findings.suspect += length as u64;
            }
            Err(BlockError::Corrupt { block, .. }) => {
                findings.corrupt += 1;
                findings.suspect += block.iter().filter(|byte| **byte != 0).count() as u64;
            }
        }
    }
    findings
}

/// Reads a block as far as it is there.
fn read(archive: &[Vec<u8>], number: usize, block: &mut Vec<u8>) {
    block.clear();
    block.extend_from_slice(&archive[number]);
}

fn check(number: usize, block: &[u8]) -> Result<Entry, BlockError> {
    let whole: &[u8; BLOCK] = block.try_into().map_err(|_| BlockError::Truncated {
        number,
        length: block.len(),
    })?;
    let (content, checksum) = whole.split_at(BLOCK - CHECKSUM);
    let digest = digest(content);
    if digest.to_le_bytes() == checksum {
        Ok(Entry { number, digest })
    } else {
        Err(BlockError::Corrupt {
            number,
            block: *whole,
        })
    }
}

/// FNV-1a.
fn digest(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// An archive of so many blocks, some of them damaged, the same every time.
#[must_use]
pub fn example(blocks: usize) -> Arc<Vec<Vec<u8>>> {
    let block = |number: usize| {
        let mut block: Vec<u8> = (0..BLOCK - CHECKSUM)
            .map(|at| (number * 17 + at * at) as u8)
            .collect();
        block.extend(digest(&block).to_le_bytes());
        match number % 100 {
            13 => block[at_of(number)] ^= 0x40,
            57 => block.truncate(at_of(number)),
            _ => {}
        }
        block
    };
    Arc::new((0..blocks).map(block).collect())
}

fn at_of(number: usize) -> usize {
    number * 37 % BLOCK
}
