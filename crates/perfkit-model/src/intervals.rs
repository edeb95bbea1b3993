//! Which bytes of a type are in use.

/// Bytes that are covered, however often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals(Vec<(u64, u64)>);

impl Intervals {
    /// Covers `length` bytes from `start`.
    pub fn add(&mut self, start: u64, length: u64) {
        if length > 0 {
            self.0.push((start, start.saturating_add(length)));
        }
    }

    /// Whether one of them covers all of this.
    #[must_use]
    pub fn contains(&self, start: u64, length: u64) -> bool {
        let end = start.saturating_add(length);
        self.0.iter().any(|own| own.0 <= start && end <= own.1)
    }

    /// How many bytes are covered.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let mut own = self.0.clone();
        own.sort_unstable();
        let (mut bytes, mut reached) = (0, 0);
        for (start, end) in own {
            bytes += end.saturating_sub(start.max(reached));
            reached = reached.max(end);
        }
        bytes
    }
}
