//! How large compressed sections may claim to be.

/// No compressor of debug sections does better than 1 : 1032 (deflate).
const BEST_COMPRESSION: u64 = 1_100;

/// Bytes that the sections of a file may inflate to, all together: several may share what they inflate.
pub(crate) struct Allowance(u64);

impl Allowance {
    pub(crate) fn new(file_length: u64) -> Self {
        Self(file_length.saturating_mul(BEST_COMPRESSION))
    }

    /// Whether so many more bytes are possible.
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}
