//! Answers requests for objects that a store keeps as chunks: each chunk goes out behind a header of its own.

use bytes::Bytes;
use tokio::sync::mpsc;

/// Bytes of a chunk.
pub const CHUNK: usize = 8 * 1_024;

/// Bytes of the header of a chunk: the object, the number of the chunk, its length, and a checksum of them.
pub const HEADER: usize = 32;

/// Chunks of an object at most.
pub const CHUNKS: usize = 12;

/// Chunks of objects by number of the object.
#[derive(Debug, Default)]
pub struct Store {
    /// The chunks of each.
    pub objects: Vec<Vec<Bytes>>,
}

/// What a client made of the answers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Chunks with the right header.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sum of the digests of the chunks.
    pub digest: u64,
}

/// The server's side of a connection, with what goes out next.
#[derive(Debug)]
pub struct Connection {
    /// Headers and chunks in turn.
    pieces: Vec<Bytes>,
}

impl Connection {
    /// A connection with room for any answer.
    pub fn open() -> Self {
        Self {
            pieces: Vec::with_capacity(2 * CHUNKS),
        }
    }

    /// Adds the chunks of an object to what goes out.
    fn answer(&mut self, store: &Store, object: usize) {
        let chunks = store.objects.get(object).map_or(&[][..], Vec::as_slice);
        for (number, chunk) in chunks.iter().enumerate() {
            let header = header(object, number, chunk.len());
            self.pieces.push(Bytes::copy_from_slice(&header));
            self.pieces.push(chunk.clone());
        }
    }
}

/// Answers requests over a connection.
pub async fn serve(store: &Store, connection: &mut Connection, requests: &[usize]) -> Received {
    let (sender, mut receiver) = mpsc::channel::<usize>(4);
    let client = async move {
        for request in requests {
            if sender.send(*request).await.is_err() {
                break;
            }
        }
    };
    let server = async move {
        let mut received = Received::default();
        while let Some(request) = receiver.recv().await {
            connection.answer(store, request);
            received.take(&connection.pieces);
            connection.pieces.clear();
        }
        received
    };
    tokio::join!(client, server).1
}

fn header(object: usize, number: usize, length: usize) -> [u8; HEADER] {
    let fields = [object as u64, number as u64, length as u64];
    let mut header = [0; HEADER];
    for (place, field) in header.chunks_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    let checksum = digest(&header[..HEADER - 8]);
    header[HEADER - 8..].copy_from_slice(&checksum.to_le_bytes());
    header
}

impl Received {
    fn take(&mut self, pieces: &[Bytes]) {
        for piece in pieces.chunks_exact(2) {
            self.take_chunk(&piece[0], &piece[1]);
        }
    }

    fn take_chunk(&mut self, header: &[u8], chunk: &[u8]) {
        let (fields, checksum) = header.split_at(HEADER - 8);
        if digest(fields).to_le_bytes() == *checksum {
            self.chunks += 1;
            self.bytes += chunk.len() as u64;
            self.digest = self.digest.wrapping_add(digest(chunk));
        }
    }
}

/// Mixes the words of the bytes, in four lanes.
pub fn digest(bytes: &[u8]) -> u64 {
    let (quads, rest) = bytes.as_chunks::<32>();
    let last = rest
        .iter()
        .fold(0, |digest, byte| mix(digest, u64::from(*byte)));
    let mut lanes = [last, 1, 2, 3];
    for quad in quads {
        let (words, _) = quad.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    }
    lanes.iter().fold(0, |digest, lane| mix(digest, *lane))
}

fn mix(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
