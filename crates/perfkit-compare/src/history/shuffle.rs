//! Random orders that are the same everywhere.

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
///
/// A generator of our own, of five lines, because its numbers are part of the result: a dependency that changed them
/// would move steps that were reported already.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// Always the same numbers.
    pub(super) fn new() -> Self {
        Self {
            state: 0x7065_7266_6b69_7431,
        }
    }

    /// Shuffles by Fisher and Yates' method.
    pub(super) fn shuffle(&mut self, values: &mut [f64]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// A number below `limit`. What is uneven about it is less than 2⁻⁵⁰ for the limits of a history.
    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
