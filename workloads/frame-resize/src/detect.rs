//! What stands for the model: finds the bright region of a frame.

use std::fmt;

use crate::video::{CHANNELS, Size};

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A pixel whose channels all reach this belongs to an object.
const BRIGHT: u8 = 128;

/// The smallest region that holds every bright pixel, or nothing when there is none.
pub fn detect(frame: &[u8], size: Size) -> Option<Region> {
    let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
    for (y, row) in (0..size.height).zip(frame.chunks_exact(size.width as usize * CHANNELS)) {
        for (x, pixel) in (0..size.width).zip(row.chunks_exact(CHANNELS)) {
            if is_bright(pixel) {
                (left, right) = (left.min(x), right.max(x));
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        }
    }
    (left <= right).then(|| Region {
        left,
        top,
        width: right - left + 1,
        height: bottom - top + 1,
    })
}

/// Whether a frame is worth resizing: looks at one pixel in 256.
pub fn shows_something(frame: &[u8], size: Size) -> bool {
    let rows = frame
        .chunks_exact(size.width as usize * CHANNELS)
        .step_by(16);
    rows.flat_map(|row| row.chunks_exact(CHANNELS).step_by(16))
        .any(is_bright)
}

impl Region {
    /// Whether no edge is further than `pixels` from the other region's.
    pub fn is_near(self, other: Self, pixels: u32) -> bool {
        self.left.abs_diff(other.left) <= pixels
            && self.top.abs_diff(other.top) <= pixels
            && (self.left + self.width).abs_diff(other.left + other.width) <= pixels
            && (self.top + self.height).abs_diff(other.top + other.height) <= pixels
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "object at {},{} of {}x{}",
            self.left, self.top, self.width, self.height
        )
    }
}

fn is_bright(pixel: &[u8]) -> bool {
    pixel.iter().all(|channel| *channel >= BRIGHT)
}
