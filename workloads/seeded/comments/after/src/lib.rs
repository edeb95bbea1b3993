//! A read-through cache of rendered profile cards: what is missing is loaded from a store task, the oldest is evicted.
//!
//! # Order of things
//!
//! A request asks the cache, the cache asks the store, and the store renders. There is one cache per worker, so nothing
//! here is shared or locked. Time is counted in requests, which keeps the lifetime of a card independent of the load.
//!
//! # Eviction
//!
//! Cards leave in the order in which they came. A card that is loaded again because it is too old keeps its place.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};

/// The store has gone away.
///
/// This is not an error of the request: the caller should answer that the service is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// What a run of requests came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Requests that found a card.
    pub hits: u64,
    /// Requests that had to load one.
    pub misses: u64,
    /// Cards given up for others.
    pub evictions: u64,
    /// Digest of all cards handed out.
    pub digest: u64,
}

/// A request to the store.
///
/// The reply channel is dropped when the store cannot answer, which the cache reads as [`Closed`].
struct Load {
    profile: u32,
    reply: oneshot::Sender<Arc<str>>,
}

/// A card with the time at which it has to be loaded again.
struct Entry {
    /// The rendered card. Shared with whoever is still sending it.
    card: Arc<str>,
    /// The first tick of the clock at which the card is too old.
    expires: u64,
}

/// The cards of one worker.
struct Cache {
    /// By profile.
    entries: FxHashMap<u32, Entry>,
    /// Profiles in the order in which they came in. Each is in `entries`, once.
    order: VecDeque<u32>,
    /// How many cards may be kept.
    capacity: usize,
    /// Requests so far.
    clock: u64,
    /// What is reported in the end.
    stats: Stats,
}

/// How many requests a card stays fresh for.
///
/// A busy worker sees a few hundred requests a second, so this is about ten seconds. Profiles change rarely, and a card
/// that is ten seconds old offends nobody.
const LIFETIME: u64 = 4_000;

impl Cache {
    /// An empty cache.
    fn new(capacity: usize) -> Self {
        Self {
            entries: FxHashMap::default(),
            order: VecDeque::new(),
            capacity,
            clock: 0,
            stats: Stats::default(),
        }
    }

    /// The card of a profile, from the cache or else from the store.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the store is gone before or while it is asked.
    async fn get(&mut self, profile: u32, store: &mpsc::Sender<Load>) -> Result<Arc<str>, Closed> {
        // The clock moves first: a card that is loaded in this request lives for the whole of its lifetime.
        self.clock += 1;
        if let Some(card) = self.fresh(profile) {
            self.stats.hits += 1;
            return Ok(card);
        }
        // Two requests for one profile do not meet here, because a worker has one request in flight at a time.
        self.stats.misses += 1;
        let (reply, loaded) = oneshot::channel();
        store
            .send(Load { profile, reply })
            .await
            .map_err(|_| Closed)?;
        let card = loaded.await.map_err(|_| Closed)?;
        self.keep(profile, Arc::clone(&card));
        Ok(card)
    }

    /// The card, if it is there and not too old.
    fn fresh(&self, profile: u32) -> Option<Arc<str>> {
        let entry = self.entries.get(&profile)?;
        (entry.expires > self.clock).then(|| Arc::clone(&entry.card))
    }

    /// Keeps a card, and gives up the oldest one when there are too many.
    ///
    /// One card comes in, so one at most has to go.
    fn keep(&mut self, profile: u32, card: Arc<str>) {
        let expires = self.clock + LIFETIME;
        if self
            .entries
            .insert(profile, Entry { card, expires })
            .is_none()
        {
            self.order.push_back(profile);
        }
        if self.entries.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
            self.stats.evictions += 1;
        }
    }
}

/// Answers the requests for `profiles` in order from a cache of `capacity` cards.
pub async fn serve(profiles: &[u32], capacity: usize) -> Result<Stats, Closed> {
    let (store, loads) = mpsc::channel(4);
    let requests = async move {
        let mut cache = Cache::new(capacity);
        for profile in profiles {
            let card = cache.get(*profile, &store).await?;
            cache.stats.digest = digest(cache.stats.digest, &card);
        }
        Ok(cache.stats)
    };
    tokio::join!(run_store(loads), requests).1
}

/// Renders what is asked for until the last cache is gone.
async fn run_store(mut loads: mpsc::Receiver<Load>) {
    while let Some(load) = loads.recv().await {
        // Nobody waits any more where this fails.
        let _ = load.reply.send(render(load.profile));
    }
}

/// The card as markup.
///
/// ```text
/// <card id=0000002a><name>member 42</name><since>1997</since></card>
/// ```
fn render(profile: u32) -> Arc<str> {
    let mut card = String::with_capacity(96);
    let since = 1990 + profile % 35;
    let written = write!(
        card,
        "<card id={profile:08x}><name>member {profile}</name><since>{since}</since></card>"
    );
    debug_assert!(written.is_ok());
    Arc::from(card)
}

/// FNV-1a over the bytes, continued from `seed`.
fn digest(seed: u64, card: &str) -> u64 {
    card.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
