//! A read-through cache of rendered profile cards: what is missing is loaded from a store task, the oldest is evicted.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};

/// The store has gone away.
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

struct Load {
    profile: u32,
    reply: oneshot::Sender<Arc<str>>,
}

struct Entry {
    card: Arc<str>,
    expires: u64,
}

struct Cache {
    entries: FxHashMap<u32, Entry>,
    order: VecDeque<u32>,
    capacity: usize,
    clock: u64,
    stats: Stats,
}

const LIFETIME: u64 = 4_000;

impl Cache {
    fn new(capacity: usize) -> Self {
        Self {
            entries: FxHashMap::default(),
            order: VecDeque::new(),
            capacity,
            clock: 0,
            stats: Stats::default(),
        }
    }

    async fn get(&mut self, profile: u32, store: &mpsc::Sender<Load>) -> Result<Arc<str>, Closed> {
        self.clock += 1;
        if let Some(card) = self.fresh(profile) {
            self.stats.hits += 1;
            return Ok(card);
        }
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

    fn fresh(&self, profile: u32) -> Option<Arc<str>> {
        let entry = self.entries.get(&profile)?;
        (entry.expires > self.clock).then(|| Arc::clone(&entry.card))
    }

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

async fn run_store(mut loads: mpsc::Receiver<Load>) {
    while let Some(load) = loads.recv().await {
        // Nobody waits any more where this fails.
        let _ = load.reply.send(render(load.profile));
    }
}

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

fn digest(seed: u64, card: &str) -> u64 {
    card.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
