//! Takes frames of measured samples from small devices: authenticates, decodes and sums them up.

use tokio::sync::mpsc;

/// Frames that wait between receiving and decoding.
const WAITING: usize = 16;

/// Rounds of the cipher.
const ROUNDS: u32 = 32;

/// What the rounds of the cipher are set apart by.
const DELTA: u32 = 0x9e37_79b9;

/// Key that the devices share with this service.
pub type Key = [u32; 4];

/// What a device sends. Header and payload are padded to whole blocks of 8 bytes.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Who sends it, from where, and in which form.
    pub header: Vec<u8>,
    /// The samples.
    pub payload: Vec<u8>,
    /// Authenticates the header.
    pub header_tag: u64,
    /// Authenticates the payload.
    pub payload_tag: u64,
}

/// Sums over all frames.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Frames with the right tags.
    pub frames: u64,
    /// Other ones.
    pub forged: u64,
    /// Samples.
    pub samples: u64,
    /// Sum of the samples.
    pub sum: i64,
    /// Samples by magnitude, in bits.
    pub magnitudes: [u64; 32],
}

/// Takes the frames in the order they came.
pub async fn take(key: Key, frames: &[Frame]) -> Report {
    let (sender, mut receiver) = mpsc::channel::<&Frame>(WAITING);
    let receive = async move {
        for frame in frames {
            if sender.send(frame).await.is_err() {
                break;
            }
        }
    };
    let sum_up = async move {
        let mut report = Report::default();
        let mut samples = Vec::new();
        while let Some(frame) = receiver.recv().await {
            if !verify(&key, frame) {
                report.forged += 1;
                continue;
            }
            samples.clear();
            decode(&frame.payload, &mut samples);
            report.add(&samples);
        }
        report
    };
    tokio::join!(receive, sum_up).1
}

impl Report {
    fn add(&mut self, samples: &[i32]) {
        self.frames += 1;
        self.samples += samples.len() as u64;
        for sample in samples {
            self.sum += i64::from(*sample);
            let bits = 32 - sample.unsigned_abs().leading_zeros();
            self.magnitudes[bits as usize % 32] += 1;
        }
    }
}

/// Whether the frame comes from somebody who has the key: each block is enciphered together with what came before it.
fn verify(key: &Key, frame: &Frame) -> bool {
    // Relays on the way must not change where a frame says it comes from.
    let sections = [
        (&frame.header, frame.header_tag),
        (&frame.payload, frame.payload_tag),
    ];
    for (section, tag) in sections {
        let (mut left, mut right) = (section.len() as u32, 0_u32);
        for block in section.chunks_exact(8) {
            left ^= block
                .iter()
                .take(4)
                .fold(0, |word, byte| word << 8 | u32::from(*byte));
            right ^= block
                .iter()
                .skip(4)
                .fold(0, |word, byte| word << 8 | u32::from(*byte));
            let mut sum = 0_u32;
            for _ in 0..ROUNDS {
                let mixed = (right << 4 ^ right >> 5).wrapping_add(right);
                left = left.wrapping_add(mixed ^ sum.wrapping_add(key[(sum & 3) as usize]));
                sum = sum.wrapping_add(DELTA);
                let mixed = (left << 4 ^ left >> 5).wrapping_add(left);
                right = right.wrapping_add(mixed ^ sum.wrapping_add(key[(sum >> 11 & 3) as usize]));
            }
        }
        if u64::from(left) << 32 | u64::from(right) != tag {
            return false;
        }
    }
    true
}

/// Reads samples up to the padding. Each is the difference to the one before, its sign in the lowest bit, in groups of
/// seven bits, the lowest first.
fn decode(payload: &[u8], samples: &mut Vec<i32>) {
    let (mut last, mut difference, mut shift) = (0_i32, 0_u32, 0);
    for byte in payload {
        if *byte == 0 && shift == 0 {
            break;
        }
        difference |= u32::from(*byte & 0x7f) << shift;
        shift += 7;
        if *byte & 0x80 == 0 || shift > 28 {
            let signed = (difference >> 1) as i32 ^ -((difference & 1) as i32);
            last = last.wrapping_add(signed);
            samples.push(last);
            (difference, shift) = (0, 0);
        }
    }
}
