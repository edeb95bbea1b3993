//! A server of sealed documents: each request is a task of its own, and a limited number of them seals at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Bytes that are sealed at once.
pub const BLOCK: usize = 3_072;

/// Tasks at a time.
const TASKS: usize = 24;

/// Tasks that seal at a time.
const SEALING: usize = 8;

/// Documents by number.
#[derive(Debug, Default)]
pub struct Documents {
    /// What is in them.
    pub texts: Vec<Vec<u8>>,
}

/// What was served.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Requests.
    pub requests: u64,
    /// Bytes of the documents.
    pub bytes: u64,
    /// Sum of the seals.
    pub seals: u64,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy)]
struct Sealed {
    bytes: u64,
    seal: u64,
}

/// Serves requests for documents, which are named by their numbers.
pub async fn serve(documents: &Arc<Documents>, requests: &[usize]) -> Served {
    let permits = Arc::new(Semaphore::new(SEALING));
    let mut tasks = JoinSet::new();
    let mut served = Served::default();
    for request in requests {
        if tasks.len() == TASKS
            && let Some(sealed) = tasks.join_next().await
        {
            served.add(sealed.ok());
        }
        // It holds a block, and is handed on a few times before it runs.
        let sealing = Box::pin(seal(Arc::clone(documents), *request));
        tasks.spawn(limited(Arc::clone(&permits), sealing));
    }
    while let Some(sealed) = tasks.join_next().await {
        served.add(sealed.ok());
    }
    served
}

impl Served {
    fn add(&mut self, sealed: Option<Sealed>) {
        if let Some(sealed) = sealed {
            self.requests += 1;
            self.bytes += sealed.bytes;
            self.seals = self.seals.wrapping_add(sealed.seal);
        }
    }
}

/// Waits for its turn.
async fn limited<F: Future>(permits: Arc<Semaphore>, work: F) -> F::Output {
    let _permit = permits.acquire().await;
    work.await
}

/// Seals a document block by block, and lets others go on in between.
async fn seal(documents: Arc<Documents>, number: usize) -> Sealed {
    let mut block = [0_u8; BLOCK];
    let mut sealed = Sealed {
        bytes: 0,
        seal: number as u64,
    };
    let text = documents.texts.get(number).map_or(&[][..], Vec::as_slice);
    for part in text.chunks(BLOCK) {
        let filled = mask(part, sealed.seal, &mut block);
        tokio::task::yield_now().await;
        sealed.bytes += part.len() as u64;
        sealed.seal = digest(sealed.seal, &block[..filled]);
    }
    sealed
}

/// Mixes the text with a stream of numbers that begins with `key`, and says how much of the block it takes.
fn mask(text: &[u8], key: u64, block: &mut [u8; BLOCK]) -> usize {
    let mut state = key;
    for (masked, text) in block.chunks_mut(8).zip(text.chunks(8)) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        for (at, (masked, byte)) in masked.iter_mut().zip(text).enumerate() {
            *masked = byte ^ (state >> (8 * at)) as u8;
        }
    }
    text.len().min(BLOCK)
}

fn digest(start: u64, block: &[u8]) -> u64 {
    block.chunks(8).fold(start, |digest, word| {
        let word = word
            .iter()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte));
        (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}
