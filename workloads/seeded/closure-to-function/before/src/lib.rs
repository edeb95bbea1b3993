//! A pipeline of events: texts in JSON are read, filtered, enriched and batched, each by a stage of its own.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// An event as a shop sends it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event {
    shop: u32,
    kind: String,
    items: Vec<Item>,
}

/// What was bought or given back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    article: u32,
    pieces: u32,
    cents: u64,
}

/// A line of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    shop: u32,
    article: u32,
    pieces: u32,
    cents: u64,
    bulk: bool,
}

/// What the pipeline has put out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// Batches.
    pub batches: u64,
    /// Texts that were no events.
    pub malformed: u64,
    /// Digest of all batches.
    pub digest: u64,
}

/// Rows of a batch.
const BATCH: usize = 64;

/// Runs all texts through the pipeline.
pub async fn pipeline(texts: &[String]) -> Output {
    let (parsed, events) = mpsc::channel(16);
    let (rows_out, rows_in) = mpsc::channel(16);
    let read = async move {
        let mut malformed = 0;
        for text in texts {
            match serde_json::from_str::<Event>(text) {
                Ok(event) => {
                    if parsed.send(event).await.is_err() {
                        break;
                    }
                }
                Err(_) => malformed += 1,
            }
        }
        malformed
    };
    let (malformed, (), output) = tokio::join!(read, enrich(events, rows_out), batch(rows_in));
    Output {
        malformed,
        ..output
    }
}

async fn enrich(mut events: mpsc::Receiver<Event>, rows_out: mpsc::Sender<Vec<Row>>) {
    while let Some(event) = events.recv().await {
        if event.kind != "sale" {
            continue;
        }
        let rows: Vec<Row> = event
            .items
            .iter()
            .map(|item| Row {
                shop: event.shop,
                article: item.article,
                pieces: item.pieces,
                cents: item.cents * u64::from(item.pieces),
                bulk: item.pieces >= 10,
            })
            .collect();
        if rows_out.send(rows).await.is_err() {
            break;
        }
    }
}

async fn batch(mut rows_in: mpsc::Receiver<Vec<Row>>) -> Output {
    let mut output = Output::default();
    let mut waiting = Vec::with_capacity(2 * BATCH);
    while let Some(rows) = rows_in.recv().await {
        waiting.extend(rows.into_iter().filter(|row| row.pieces > 0));
        if waiting.len() >= BATCH {
            put_out(&mut waiting, &mut output);
        }
    }
    put_out(&mut waiting, &mut output);
    output
}

fn put_out(waiting: &mut Vec<Row>, output: &mut Output) {
    waiting.sort_by(|one, other| {
        one.shop
            .cmp(&other.shop)
            .then(one.article.cmp(&other.article))
    });
    let total: u64 = waiting
        .iter()
        .filter(|row| !row.bulk)
        .map(|row| row.cents)
        .sum();
    let text = serde_json::to_string(waiting).unwrap_or_default();
    output.batches += 1;
    output.digest = text.bytes().fold(output.digest ^ total, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    waiting.clear();
}
