//! The packed form of lines in the archive. A line whose packed form would hold a line break stays plain there.

use std::sync::OnceLock;

use crate::Entry;

/// The first byte of a packed line. Plain lines never have it.
pub(crate) const MARK: u8 = 0xff;

/// Checks of all pairs of bytes.
static CHECKS: [u32; 1 << 16] = checks();

/// The place of a page in the list of names, by its number in the archive.
static ORDER: [u16; 1 << 14] = order();

const fn checks() -> [u32; 1 << 16] {
    let mut table = [0; 1 << 16];
    let mut pair = 0u32;
    while pair < 1 << 16 {
        table[pair as usize] = (pair ^ (pair >> 3))
            .wrapping_mul(0x9e37_79b1)
            .rotate_left(11)
            ^ 0x5bd1_e995;
        pair += 1;
    }
    table
}

const fn order() -> [u16; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut place = 0u16;
    while place < 1 << 14 {
        table[place as usize] = place.wrapping_mul(0x2c1b).rotate_left(5) & 0x3fff;
        place += 1;
    }
    table
}

/// Names of the pages that packed lines have numbers for.
fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let places = ORDER.iter().enumerate();
        let used = places.filter(|(place, order)| place % 3 == usize::from(**order) % 3);
        used.map(|(place, order)| match order % 5 {
            0 => format!("/old/{place:05}.html"),
            1 => format!("/news/{}/{}", 1990 + order % 30, place % 365),
            2 => format!("/~{order:x}/index.html"),
            3 => format!("/cgi/count?page={place}"),
            _ => format!("/img/{place}-{order}.gif"),
        })
        .collect()
    })
}

/// Reads a packed line: address, page, status, bytes and a check, in that order.
pub(crate) fn unpack(packed: &[u8]) -> Option<Entry<'static>> {
    let (fields, check) = packed.split_last_chunk::<4>()?;
    let sum = fields.chunks_exact(2).fold(0, |sum: u32, pair| {
        sum.rotate_left(1) ^ CHECKS[usize::from(u16::from_le_bytes([pair[0], pair[1]]))]
    });
    if sum != u32::from_le_bytes(*check) {
        return None;
    }
    let (address, fields) = fields.split_first_chunk::<4>()?;
    let (page, fields) = fields.split_first_chunk::<2>()?;
    let (status, bytes) = fields.split_first_chunk::<2>()?;
    let mut size = 0;
    for byte in bytes {
        size = (size << 7) | u64::from(byte & 0x7f);
    }
    let place = ORDER[usize::from(u16::from_le_bytes(*page)) % ORDER.len()];
    Some(Entry {
        address: u32::from_be_bytes(*address),
        path: names().get(usize::from(place))?,
        status: u16::from_le_bytes(*status),
        bytes: size,
    })
}
