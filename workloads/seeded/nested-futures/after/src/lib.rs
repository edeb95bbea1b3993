//! A store of documents that answers every command on a task of its own.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Bytes that a packed document may grow to.
const LARGEST: usize = 2 * 1024;
/// Commands that are under way at a time.
const AT_ONCE: usize = 50;

/// Documents by their number.
#[derive(Debug, Default)]
pub struct Store {
    documents: Mutex<FxHashMap<u64, Vec<u8>>>,
}

/// What can be asked of the store.
#[derive(Debug, Clone)]
pub enum Command {
    /// Keep this document.
    Put {
        /// Its number.
        id: u64,
        /// Its text.
        text: Arc<[u8]>,
    },
    /// Say which text this document has.
    Digest {
        /// Its number.
        id: u64,
    },
    /// Keep all documents of an archive, which holds runs of a byte.
    Import {
        /// The number of its first document.
        first: u64,
        /// Documents, each a list of pairs of a length and a byte.
        archive: Arc<[Vec<(u8, u8)>]>,
    },
}

/// Answers all commands, a few at a time, and sums up the answers.
pub async fn answer_all(store: &Arc<Store>, commands: &[Command]) -> u64 {
    let mut sum = 0_u64;
    for bunch in commands.chunks(AT_ONCE) {
        let mut answers = JoinSet::new();
        for command in bunch {
            answers.spawn(handle(Arc::clone(store), command.clone()));
        }
        while let Some(answer) = answers.join_next().await {
            sum = sum.wrapping_add(answer.expect("no command panics"));
        }
    }
    sum
}

/// Answers one command.
async fn handle(store: Arc<Store>, command: Command) -> u64 {
    match command {
        Command::Put { id, text } => put(&store, id, &text).await,
        Command::Digest { id } => {
            let documents = store.documents.lock().await;
            documents.get(&id).map_or(0, |text| digest(text))
        }
        // Imports do not hold imports any more, so there is no need for a box.
        Command::Import { first, archive } => import(&store, first, &archive).await,
    }
}

async fn import(store: &Store, first: u64, archive: &[Vec<(u8, u8)>]) -> u64 {
    let mut sum = 0_u64;
    for (id, packed) in (first..).zip(archive) {
        sum = sum.wrapping_add(unpack(store, id, packed).await);
    }
    sum
}

async fn unpack(store: &Store, id: u64, packed: &[(u8, u8)]) -> u64 {
    let mut text = [0; LARGEST];
    let mut length = 0;
    for &(count, byte) in packed {
        let end = (length + usize::from(count)).min(LARGEST);
        text[length..end].fill(byte);
        length = end;
    }
    put(store, id, &text[..length]).await
}

async fn put(store: &Store, id: u64, text: &[u8]) -> u64 {
    let digest = digest(text);
    let mut documents = store.documents.lock().await;
    let document = documents.entry(id).or_default();
    document.clear();
    document.extend_from_slice(text);
    digest
}

/// FNV-1a.
fn digest(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
