//! Queries, their backlog, and how one is answered.

use crate::error::FragmentError;
use crate::link::Links;
use crate::reassemble::{CatalogueEntry, reassemble};
use crate::record::{Random, digest};

/// Bytes of a filter: 32,768 bits keep false matches rare for a few hundred keys.
pub const FILTER_BYTES: usize = 4_096;

/// A Bloom filter over record keys.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    bits: [u8; FILTER_BYTES],
}

/// What the pipeline asks of a query, whichever way it is laid out.
pub trait Query: Send + Sync + 'static {
    /// A query that no record matches yet.
    fn new(id: u32) -> Self;
    /// Number under which its answer is returned.
    fn id(&self) -> u32;
    /// Which keys it matches.
    fn filter(&self) -> &KeyFilter;
    /// For adding keys.
    fn filter_mut(&mut self) -> &mut KeyFilter;
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The query's number.
    pub query: u32,
    /// Keys of the records that match, ascending.
    pub keys: Vec<u64>,
    /// Digests of those records, folded in that order.
    pub digest: u64,
}

/// Queries that wait, in two lanes: those that match few records go first.
#[derive(Debug)]
pub struct Backlog<Q> {
    incoming: Vec<Q>,
    narrow: Vec<Q>,
    wide: Vec<Q>,
}

/// A query with more set bits than this (two per key) goes into the wide lane.
const NARROW_BITS: u32 = 4;

/// The entries of the catalogue that a query matches.
pub fn matches(query: &impl Query, catalogue: &[CatalogueEntry]) -> Vec<CatalogueEntry> {
    catalogue
        .iter()
        .filter(|entry| query.filter().contains(entry.key))
        .copied()
        .collect()
}

/// Reassembles every record that a query matches.
///
/// # Errors
/// The first record's error.
pub async fn answer<Q: Query, E: FragmentError>(
    query: Q,
    matches: Vec<CatalogueEntry>,
    links: Links,
) -> Result<Answer, E> {
    let mut answer = Answer::empty(query.id());
    for entry in matches {
        let record = reassemble::<E>(entry, links.clone()).await?;
        answer.add(record.key, &record.payload);
    }
    Ok(answer)
}

impl Answer {
    /// The answer to a query that matches no record.
    pub const fn empty(query: u32) -> Self {
        Self {
            query,
            keys: Vec::new(),
            digest: 0,
        }
    }

    /// Adds one matching record.
    pub fn add(&mut self, key: u64, payload: &[u8]) {
        self.keys.push(key);
        self.digest = self.digest.rotate_left(7) ^ digest(payload);
    }
}

impl KeyFilter {
    /// A filter that matches nothing.
    pub const fn empty() -> Self {
        Self {
            bits: [0; FILTER_BYTES],
        }
    }

    /// Makes the filter match `key`.
    pub fn insert(&mut self, key: u64) {
        for bit in Self::positions(key) {
            self.bits[bit / 8] |= 1 << (bit % 8);
        }
    }

    /// Whether `key` was inserted. Says yes for a few keys that were not.
    pub fn contains(&self, key: u64) -> bool {
        Self::positions(key)
            .into_iter()
            .all(|bit| self.bits[bit / 8] & (1 << (bit % 8)) != 0)
    }

    /// How many bits are set.
    pub fn ones(&self) -> u32 {
        self.bits.iter().map(|byte| byte.count_ones()).sum()
    }

    fn positions(key: u64) -> [usize; 2] {
        let word = Random::new(key).next();
        [
            word as usize % (FILTER_BYTES * 8),
            (word >> 32) as usize % (FILTER_BYTES * 8),
        ]
    }
}

impl<Q: Query> Backlog<Q> {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self {
            incoming: Vec::new(),
            narrow: Vec::new(),
            wide: Vec::new(),
        }
    }

    /// Adds a query.
    pub fn push(&mut self, query: Q) {
        self.incoming.push(query);
    }

    /// Takes the next query: the latest of the narrow lane, then the latest of the wide one.
    pub fn pop(&mut self) -> Option<Q> {
        while let Some(query) = self.incoming.pop() {
            let lane = if query.filter().ones() <= NARROW_BITS {
                &mut self.narrow
            } else {
                &mut self.wide
            };
            lane.push(query);
        }
        self.narrow.pop().or_else(|| self.wide.pop())
    }
}

impl<Q: Query> Default for Backlog<Q> {
    fn default() -> Self {
        Self::new()
    }
}
