//! Asks every shard of an index for its part of an answer and puts the parts together in the order of the shards.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

/// Numbers of documents, by shard.
pub type Index = Vec<Vec<u32>>;

/// What is asked of one shard.
#[derive(Debug)]
struct Query {
    shard: usize,
    term: u32,
    reply: oneshot::Sender<Part>,
}

/// What one shard has found.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    hits: u64,
    best: u64,
}

/// What all shards have found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Documents.
    pub hits: u64,
    /// The best scores in the order of the shards, in one number.
    pub ranking: u64,
}

/// Looks for a term in all shards.
pub async fn search(index: &Arc<Index>, term: u32) -> Answer {
    let (queries, receiver) = mpsc::unbounded_channel();
    tokio::spawn(answer_queries(Arc::clone(index), receiver));
    let shards = index.len();
    tokio::spawn(async move {
        let mut answer = Answer::default();
        for part in gather(&queries, shards, term).await {
            answer.hits += part.hits;
            answer.ranking = answer.ranking.rotate_left(7) ^ part.best;
        }
        answer
    })
    .await
    .expect("a search does not panic")
}

/// Asks all shards and waits for their answers.
async fn gather(queries: &mpsc::UnboundedSender<Query>, shards: usize, term: u32) -> Vec<Part> {
    let mut parts = vec![Part::default(); shards];
    let asked = (0..shards).map(|shard| async move { (shard, ask(queries, shard, term).await) });
    let mut asked: FuturesUnordered<_> = asked.collect();
    while let Some((shard, part)) = asked.next().await {
        parts[shard] = part;
    }
    parts
}

/// Asks one shard.
async fn ask(queries: &mpsc::UnboundedSender<Query>, shard: usize, term: u32) -> Part {
    let (reply, part) = oneshot::channel();
    let query = Query { shard, term, reply };
    queries.send(query).expect("the index takes all queries");
    part.await.expect("the index answers all queries")
}

/// Answers one query after the other, and lets everybody else have a turn in between.
async fn answer_queries(index: Arc<Index>, mut queries: mpsc::UnboundedReceiver<Query>) {
    while let Some(query) = queries.recv().await {
        let mut part = Part::default();
        for document in &index[query.shard] {
            let score = score(*document, query.term);
            if score % 8 == 0 {
                part.hits += 1;
                part.best = part.best.max(score);
            }
        }
        // Who has given up does not need the answer.
        query.reply.send(part).ok();
        tokio::task::yield_now().await;
    }
}

/// How well a document fits.
fn score(document: u32, term: u32) -> u64 {
    let mut mixed = u64::from(document ^ term);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(factor);
    }
    mixed >> 44
}

/// An index of so many shards, the same every time.
#[must_use]
pub fn example(shards: usize, documents: u32) -> Arc<Index> {
    let shard = |number: usize| {
        let first = number as u32 * documents;
        (first..first + documents).collect()
    };
    Arc::new((0..shards).map(shard).collect())
}
