//! A relay that signs every frame and hands it to a sender over a channel.

use tokio::sync::mpsc;

/// Bytes of one frame.
pub const FRAME: usize = 16 * 1024;

/// A frame on its way.
#[derive(Debug)]
pub struct Frame {
    /// Position in the stream.
    pub number: u64,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What the sender has seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames.
    pub frames: u64,
    /// Sum of their signatures.
    pub signatures: u64,
}

/// Relays `count` frames and returns what arrived.
pub async fn relay(count: u64) -> Tally {
    let (sender, mut receiver) = mpsc::channel::<(Frame, u64)>(8);
    let sign_all = async move {
        for number in 0..count {
            let frame = receive(number);
            let signature = sign(&frame);
            if sender.send((frame, signature)).await.is_err() {
                break;
            }
        }
    };
    let tally = async move {
        let mut tally = Tally::default();
        while let Some((frame, signature)) = receiver.recv().await {
            tally.frames += u64::from(frame.payload.len() == FRAME);
            tally.signatures = tally.signatures.wrapping_add(signature);
        }
        tally
    };
    tokio::join!(sign_all, tally).1
}

fn receive(number: u64) -> Frame {
    Frame {
        number,
        payload: vec![number as u8; FRAME],
    }
}

/// FNV-1a over the words of the payload.
fn sign(frame: &Frame) -> u64 {
    let words = frame.payload.chunks_exact(8);
    words.fold(frame.number ^ 0xcbf2_9ce4_8422_2325, |hash, word| {
        let word = word.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}
