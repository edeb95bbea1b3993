//! Logistic regression.

use crate::catalogue::FEATURES;
use crate::message::{Features, Prediction, Request, Scored};

/// How many items are answered.
const BEST: usize = 10;

/// Weights of the features for each kind of user.
#[derive(Debug)]
pub struct Model {
    weights: Vec<[f32; FEATURES]>,
    bias: f32,
}

/// Kinds of users that the model tells apart.
const KINDS: u32 = 64;

impl Model {
    /// A trained one: the same for the same seed.
    #[must_use]
    pub fn trained(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x7a11);
        let mut weight = || random.f32() * 2.0 - 1.0;
        Self {
            bias: weight(),
            weights: (0..KINDS)
                .map(|_| std::array::from_fn(|_| weight()))
                .collect(),
        }
    }

    /// The best items of a request. Items without features are left out.
    #[must_use]
    pub fn predict(&self, request: &Request, features: &Features) -> Prediction {
        let weights = &self.weights[(request.user % KINDS) as usize];
        let mut best: Vec<Scored> = request
            .items
            .iter()
            .zip(&features.rows)
            .map(|(item, row)| Scored {
                item: *item,
                probability: sigmoid(self.bias + dot(weights, row)),
            })
            .collect();
        best.sort_by(|left, right| {
            let likelier = right.probability.total_cmp(&left.probability);
            likelier.then(left.item.cmp(&right.item))
        });
        best.dedup_by_key(|scored| scored.item);
        best.truncate(BEST);
        Prediction { best }
    }
}

fn dot(weights: &[f32; FEATURES], row: &[f32; FEATURES]) -> f32 {
    weights
        .iter()
        .zip(row)
        .map(|(weight, value)| weight * value)
        .sum()
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}
