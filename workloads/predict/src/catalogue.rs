//! Items with their features.

/// Features of an item.
pub const FEATURES: usize = 8;

/// Items there are.
pub const ITEMS: u32 = 4_096;

/// All items with their features, the same for the same seed.
#[derive(Debug)]
pub struct Catalogue {
    rows: Vec<[f32; FEATURES]>,
}

impl Catalogue {
    /// Makes it.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        // Four decimals, as features are stored that come out of a pipeline.
        let mut feature = || (random.f32() * 20_000.0).round() / 10_000.0 - 1.0;
        Self {
            rows: (0..ITEMS)
                .map(|_| std::array::from_fn(|_| feature()))
                .collect(),
        }
    }

    /// The features of an item; `None` for one that is not there.
    #[must_use]
    pub fn features(&self, item: u32) -> Option<&[f32; FEATURES]> {
        self.rows.get(item as usize)
    }
}
