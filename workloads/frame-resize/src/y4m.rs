//! Files of raw video, as `ffmpeg` writes and reads them: YUV4MPEG2 with full-range BT.601 colours and a value of each plane
//! for every pixel (`C444`).

use std::io::{self, BufRead, Read as _, Write};

use bytes::{Bytes, BytesMut};

use crate::video::{CHANNELS, Size, Video};

const MAGIC: &str = "YUV4MPEG2";
const FRAME: &str = "FRAME";

/// Longest line of a header that is taken.
const LONGEST_LINE: u64 = 256;

/// Most bytes of frames that are taken.
const LIMIT: u64 = 4 << 30;

/// Writes a file.
///
/// # Errors
/// When the writer fails.
pub fn write(video: &Video, mut to: impl Write) -> io::Result<()> {
    let Size { width, height } = video.size();
    writeln!(
        to,
        "{MAGIC} W{width} H{height} F25:1 Ip A1:1 C444 XCOLORRANGE=FULL"
    )?;
    let mut planes = vec![0; video.size().bytes()];
    for number in 0..video.frames() {
        writeln!(to, "{FRAME}")?;
        let pixels = width as usize * height as usize;
        for (index, bgr) in video.frame(number).chunks_exact(CHANNELS).enumerate() {
            for (plane, value) in to_yuv([bgr[0], bgr[1], bgr[2]]).into_iter().enumerate() {
                planes[plane * pixels + index] = value;
            }
        }
        to.write_all(&planes)?;
    }
    to.flush()
}

/// Reads a file: the size of its frames, and the frames one behind the other, as raw blue, green and red.
///
/// # Errors
/// When the reader fails, or what it reads is no such file.
pub fn read(mut from: impl BufRead) -> io::Result<(Size, Bytes)> {
    let header = line(&mut from)?.ok_or_else(|| invalid("the file is empty"))?;
    let size = size(&header)?;
    let mut planes = Vec::new();
    let mut frames = BytesMut::new();
    while let Some(header) = line(&mut from)? {
        if header.split(' ').next() != Some(FRAME) {
            return Err(invalid(format!("expected a frame, got {header:?}")));
        }
        if (frames.len() + size.bytes()) as u64 > LIMIT {
            return Err(invalid("the frames take more than 4 GiB"));
        }
        // What is there decides about memory, and not what the header says.
        planes.clear();
        from.by_ref()
            .take(size.bytes() as u64)
            .read_to_end(&mut planes)?;
        if planes.len() < size.bytes() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let pixels = size.width as usize * size.height as usize;
        frames.reserve(size.bytes());
        for index in 0..pixels {
            let yuv = [0, 1, 2].map(|plane| planes[plane * pixels + index]);
            frames.extend_from_slice(&to_bgr(yuv));
        }
    }
    Ok((size, frames.freeze()))
}

/// What the first line says.
fn size(header: &str) -> io::Result<Size> {
    let mut words = header.split(' ');
    if words.next() != Some(MAGIC) {
        return Err(invalid("this is no YUV4MPEG2 file"));
    }
    let (mut width, mut height, mut colour) = (None, None, "420");
    for word in words {
        match word.split_at_checked(1) {
            Some(("W", number)) => width = number.parse().ok(),
            Some(("H", number)) => height = number.parse().ok(),
            Some(("C", name)) => colour = name,
            Some(("X", "COLORRANGE=LIMITED")) => {
                return Err(invalid("colours of a limited range are not understood"));
            }
            _ => {}
        }
    }
    if colour != "444" {
        return Err(invalid(format!(
            "colours as {colour:?} are not understood; write them as C444"
        )));
    }
    let is_some = |side: &u32| *side > 0 && *side <= 1 << 14;
    match (width.filter(is_some), height.filter(is_some)) {
        (Some(width), Some(height)) => Ok(Size { width, height }),
        _ => Err(invalid("the header says no width and height up to 16384")),
    }
}

/// The next line without its end; `None` at the end of the file.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    from.take(LONGEST_LINE).read_until(b'\n', &mut text)?;
    match text.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        Some(_) => Err(invalid("a header has no end")),
    }
}

/// In 16-bit fixed point.
fn to_yuv([blue, green, red]: [u8; 3]) -> [u8; 3] {
    let [blue, green, red] = [blue, green, red].map(i32::from);
    let plane = |sum: i32| ((sum + (1 << 15)) >> 16).clamp(0, 255) as u8;
    [
        plane(19_595 * red + 38_470 * green + 7_471 * blue),
        plane((128 << 16) - 11_056 * red - 21_712 * green + 32_768 * blue),
        plane((128 << 16) + 32_768 * red - 27_440 * green - 5_328 * blue),
    ]
}

fn to_bgr([luma, u, v]: [u8; 3]) -> [u8; 3] {
    let (luma, u, v) = (
        i32::from(luma) << 16,
        i32::from(u) - 128,
        i32::from(v) - 128,
    );
    let channel = |sum: i32| ((sum + (1 << 15)) >> 16).clamp(0, 255) as u8;
    [
        channel(luma + 116_130 * u),
        channel(luma - 22_554 * u - 46_802 * v),
        channel(luma + 91_881 * v),
    ]
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
