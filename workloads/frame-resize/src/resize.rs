//! Two ways to make a frame smaller.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::switches::Resize;
use crate::video::{CHANNELS, Size};

/// The frame cannot be resized.
#[derive(Debug, thiserror::Error)]
pub enum ResizeError {
    /// The bytes are not those of a frame of the size that was agreed.
    #[error("frame has {got} B instead of {expected} B")]
    Length {
        /// Bytes of the frame.
        got: usize,
        /// Bytes that its size asks for.
        expected: usize,
    },
    /// The library refused the frame.
    #[error("frame is refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Resizes frames from one size to another.
#[derive(Debug)]
pub struct FrameResizer {
    from: Size,
    to: Size,
    method: Method,
}

#[derive(Debug)]
enum Method {
    Fast {
        resizer: Box<Resizer>,
        options: ResizeOptions,
    },
    Naive,
}

impl FrameResizer {
    /// Keeps what the method needs between frames.
    pub fn new(from: Size, to: Size, resize: Resize) -> Self {
        let method = match resize {
            Resize::Fast => Method::Fast {
                resizer: Box::new(Resizer::new()),
                options: ResizeOptions::new()
                    .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)),
            },
            Resize::Naive => Method::Naive,
        };
        Self { from, to, method }
    }

    /// The smaller frame.
    ///
    /// # Errors
    /// When the frame does not have the size that was agreed.
    pub fn resize(&mut self, frame: &[u8]) -> Result<Vec<u8>, ResizeError> {
        if frame.len() != self.from.bytes() {
            return Err(ResizeError::Length {
                got: frame.len(),
                expected: self.from.bytes(),
            });
        }
        let mut resized = vec![0; self.to.bytes()];
        match &mut self.method {
            Method::Fast { resizer, options } => {
                // Typed images: the untyped ones have the compiler build the resizer of every pixel type.
                let Size { width, height } = self.from;
                let source = TypedImageRef::<U8x3>::from_buffer(width, height, frame)
                    .map_err(|error| ResizeError::Refused(error.into()))?;
                let Size { width, height } = self.to;
                let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized)
                    .map_err(|error| ResizeError::Refused(error.into()))?;
                resizer
                    .resize_typed(&source, &mut target, &*options)
                    .map_err(|error| ResizeError::Refused(error.into()))?;
            }
            Method::Naive => naive(frame, self.from, &mut resized, self.to),
        }
        Ok(resized)
    }
}

/// Bilinear interpolation between the four nearest pixels, in floats, a channel at a time.
fn naive(frame: &[u8], from: Size, resized: &mut [u8], to: Size) {
    let place = |target: u32, to: u32, from: u32| {
        let centre = (target as f32 + 0.5) * from as f32 / to as f32 - 0.5;
        let low = centre.max(0.0) as u32;
        (low, (low + 1).min(from - 1), (centre - low as f32).max(0.0))
    };
    let channel = |x: u32, y: u32, channel: usize| {
        f32::from(frame[(y as usize * from.width as usize + x as usize) * CHANNELS + channel])
    };
    for y in 0..to.height {
        let (top, bottom, down) = place(y, to.height, from.height);
        for x in 0..to.width {
            let (left, right, across) = place(x, to.width, from.width);
            for c in 0..CHANNELS {
                let upper =
                    channel(left, top, c) * (1.0 - across) + channel(right, top, c) * across;
                let lower =
                    channel(left, bottom, c) * (1.0 - across) + channel(right, bottom, c) * across;
                let index = (y as usize * to.width as usize + x as usize) * CHANNELS + c;
                resized[index] = (upper * (1.0 - down) + lower * down + 0.5) as u8;
            }
        }
    }
}
