//! Raw video with something to detect in it.

use bytes::{Bytes, BytesMut};

use crate::detect::Region;

/// Bytes per pixel: blue, green, red.
pub const CHANNELS: usize = 3;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What the story's camera delivers: frames of 6,220,800 B.
pub const FULL_HD: Size = Size {
    width: 1920,
    height: 1080,
};

/// What the inference expects: frames of 519,168 B.
pub const MODEL: Size = Size {
    width: 416,
    height: 416,
};

/// Frames of one size, one behind the other.
#[derive(Clone, Debug)]
pub struct Video {
    size: Size,
    bytes: Bytes,
    objects: Vec<Option<Region>>,
}

/// Every so many frames nothing is to be seen.
const EMPTY_EVERY: usize = 3;

impl Size {
    /// Bytes of a raw frame.
    pub const fn bytes(self) -> usize {
        self.width as usize * self.height as usize * CHANNELS
    }
}

impl Video {
    /// Dark noise with one bright rectangle per frame, except in every third. Sides must be at least 64 pixels.
    pub fn generate(seed: u64, frames: usize, size: Size) -> Self {
        let mut random = Random(seed);
        let mut bytes = BytesMut::with_capacity(size.bytes() * frames + 8);
        let mut objects = Vec::new();
        for number in 0..frames {
            let end = bytes.len() + size.bytes();
            while bytes.len() < end {
                bytes.extend_from_slice(&(random.next() & 0x3f3f_3f3f_3f3f_3f3f).to_le_bytes());
            }
            bytes.truncate(end);
            let object = Region {
                width: size.width / 6,
                height: size.height / 6,
                left: random.next() as u32 % (size.width * 5 / 6),
                top: random.next() as u32 % (size.height * 5 / 6),
            };
            let object = (number % EMPTY_EVERY != EMPTY_EVERY - 1).then_some(object);
            if let Some(object) = object {
                draw(&mut bytes[end - size.bytes()..], size, object);
            }
            objects.push(object);
        }
        Self {
            size,
            bytes: bytes.freeze(),
            objects,
        }
    }

    /// The same video, as it was read from a file, unless the file has other frames: too few, too many or of another size.
    pub fn read_as(self, size: Size, bytes: Bytes) -> Option<Self> {
        let is_same = size == self.size && bytes.len() == self.bytes.len();
        is_same.then_some(Self { bytes, ..self })
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.objects.len()
    }

    /// Width and height of each.
    pub fn size(&self) -> Size {
        self.size
    }

    /// One frame, without copying it. `number` is below [`Self::frames`].
    pub fn frame(&self, number: usize) -> Bytes {
        self.bytes
            .slice(number * self.size.bytes()..(number + 1) * self.size.bytes())
    }

    /// Where the object is that a frame shows, in pixels of a frame of `size`.
    pub fn object(&self, number: usize, size: Size) -> Option<Region> {
        let object = (*self.objects.get(number)?)?;
        let across = |pixels: u32| {
            (u64::from(pixels) * u64::from(size.width) / u64::from(self.size.width)) as u32
        };
        let down = |pixels: u32| {
            (u64::from(pixels) * u64::from(size.height) / u64::from(self.size.height)) as u32
        };
        Some(Region {
            left: across(object.left),
            top: down(object.top),
            width: across(object.width),
            height: down(object.height),
        })
    }
}

fn draw(frame: &mut [u8], size: Size, object: Region) {
    let row_bytes = size.width as usize * CHANNELS;
    let columns = object.left as usize * CHANNELS..(object.left + object.width) as usize * CHANNELS;
    for row in frame
        .chunks_mut(row_bytes)
        .skip(object.top as usize)
        .take(object.height as usize)
    {
        row[columns.clone()].fill(230);
    }
}

/// SplitMix64: the same sequence for the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}
