//! Receives signed frames, verifies them and counts what the good ones carry.

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

/// Bytes of a frame without its signature.
const BODY: usize = 2_048;
/// Bytes of a signature, which follows the body.
const SIGNATURE: usize = 8;

/// A frame as it was read.
struct Frame {
    body: Bytes,
    signature: u64,
}

/// What has been received.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Frames whose signature is right.
    pub good: u64,
    /// The other ones.
    pub forged: u64,
    /// How often each class of events occurs in the good ones.
    pub events: [u64; 8],
}

/// So many frames, the same ones every time. One in a hundred is forged.
pub fn capture(count: u64) -> Vec<u8> {
    let frame = |number: u64| {
        let mut random = number + 1;
        let bytes = (0..BODY).map(|_| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (random >> 56) as u8
        });
        let mut frame: Vec<u8> = bytes.collect();
        let forged = number % 100 == 42;
        let signature = sign(&frame) ^ u64::from(forged);
        frame.extend(signature.to_be_bytes());
        frame
    };
    (0..count).flat_map(frame).collect()
}

/// Receives all frames of a capture.
pub async fn run(capture: &[u8]) -> Received {
    let (sender, mut receiver) = mpsc::channel::<Frame>(16);
    let send = async move {
        for bytes in capture.chunks_exact(BODY + SIGNATURE) {
            if sender.send(read(bytes)).await.is_err() {
                break;
            }
        }
    };
    let receive = async move {
        let mut received = Received::default();
        while let Some(frame) = receiver.recv().await {
            if verify(&frame).await {
                received.good += 1;
                received.count(&frame.body);
            } else {
                received.forged += 1;
            }
        }
        received
    };
    tokio::join!(send, receive).1
}

fn read(mut bytes: &[u8]) -> Frame {
    let body = bytes.copy_to_bytes(BODY);
    Frame {
        body,
        signature: bytes.get_u64(),
    }
}

impl Received {
    fn count(&mut self, body: &[u8]) {
        for byte in body {
            self.events[usize::from(byte & 7)] += u64::from(byte >> 3 != 0);
        }
    }
}

/// Whether the signature is the frame's.
async fn verify(frame: &Frame) -> bool {
    sign(&frame.body) == frame.signature
}

/// Three passes of a keyed checksum.
fn sign(body: &[u8]) -> u64 {
    (1..=3).fold(0x5eed, |hash: u64, pass| {
        body.iter().fold(hash.rotate_left(pass), |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}
