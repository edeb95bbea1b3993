//! How much is made of the debug info of one binary at most.
//!
//! A reference takes four bytes, and what it refers to may be a name of many kilobytes. What compilers write stays far
//! below these bounds; a damaged file must not fill the memory.

/// Bytes of one name; the compiler's own limit for the names of types is of this order.
pub(super) const LONGEST_NAME: usize = 64 << 10;
/// Bytes of names and fields made of any binary.
const LEAST: u64 = 64 << 20;
/// Bytes more for each byte of `.debug_info`. Real binaries need less than one.
const PER_BYTE: u64 = 8;

/// Bytes that may still be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(u64);

impl Room {
    pub(super) fn new(info_length: u64) -> Self {
        Self(info_length.saturating_mul(PER_BYTE).saturating_add(LEAST))
    }

    /// Whether there is room for so many more bytes. There is none for anything once there was not.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes as u64);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    pub(super) fn is_full(self) -> bool {
        self.0 == 0
    }
}
