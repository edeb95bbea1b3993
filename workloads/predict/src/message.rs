//! What is said between client, service and store, as JSON.

use serde::{Deserialize, Serialize};

use crate::catalogue::{FEATURES, ITEMS};

/// Items of a request, as in the story.
pub const ITEMS_OF_REQUEST: usize = 674;

/// What a client asks the service, and the service the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// For whom.
    pub user: u32,
    /// What to choose from.
    pub items: Vec<u32>,
}

/// What the store answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// One row for each item that was asked for, in that order.
    pub rows: Vec<[f32; FEATURES]>,
}

/// What the service answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The best items, best first.
    pub best: Vec<Scored>,
}

/// An item with the probability that the user wants it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The item.
    pub item: u32,
    /// From 0 to 1.
    pub probability: f32,
}

/// So many different requests, the same for the same seed.
#[must_use]
pub fn requests(seed: u64, count: u32) -> Vec<Request> {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    (0..count)
        .map(|_| Request {
            user: random.u32(0..100_000),
            items: (0..ITEMS_OF_REQUEST)
                .map(|_| random.u32(0..ITEMS))
                .collect(),
        })
        .collect()
}
