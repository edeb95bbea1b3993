//! The task of a member.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{Line, Seen};

/// Reads what others say until the room closes.
pub(crate) async fn member(number: usize, mut inbox: mpsc::Receiver<Arc<Line>>) -> Seen {
    let mut seen = Seen::default();
    let name = format!("@m{number}<");
    while let Some(line) = inbox.recv().await {
        if line.from == number {
            continue;
        }
        seen.lines += 1;
        seen.mentions += u64::from(line.markup.contains(&name));
        seen.digest = digest(seen.digest, &line.markup);
    }
    seen
}

fn digest(seed: u64, markup: &str) -> u64 {
    let words = markup.as_bytes().chunks(4);
    words.fold(seed, |hash, word| {
        let word = word
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}
