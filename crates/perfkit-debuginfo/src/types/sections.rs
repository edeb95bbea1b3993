//! The debug sections of a binary, with as little in memory as reading needs.
//!
//! `.debug_info` is by far the largest and is read one unit after the other; the others are looked up in and are
//! read whole.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use object::{CompressionFormat, Object as _, ObjectSection as _, ReadCache};

use super::ReadError;
use crate::compressed::Allowance;

/// The sections that types are read from.
#[derive(Debug)]
pub(super) struct Sections {
    file: File,
    info: Info,
    pub(super) abbreviations: Vec<u8>,
    pub(super) strings: Vec<u8>,
    pub(super) line_strings: Vec<u8>,
    pub(super) string_offsets: Vec<u8>,
    pub(super) lines: Vec<u8>,
    pub(super) little_endian: bool,
}

#[derive(Debug)]
enum Info {
    InFile { start: u64, length: u64 },
    InMemory(Vec<u8>),
}

/// A section in the file, or what it holds where it is compressed.
enum Found {
    Range(u64, u64),
    Inflated(Vec<u8>),
}

impl Sections {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let unreadable = |source| ReadError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let damaged = |source| ReadError::NotABinary {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(unreadable(std::io::ErrorKind::InvalidInput.into()));
        }
        let length = file.metadata().map_err(unreadable)?.len();
        let cache = ReadCache::new(file);
        let object = object::File::parse(&cache).map_err(damaged)?;
        let little_endian = object.is_little_endian();
        let mut allowance = Allowance::new(length);
        let mut found = |name: &str| -> Result<Option<Found>, ReadError> {
            let Some(section) = object.section_by_name(name) else {
                return Ok(None);
            };
            let range = section.compressed_file_range().map_err(damaged)?;
            if range.format != CompressionFormat::None {
                if !allowance.take(range.uncompressed_size) {
                    return Err(ReadError::Oversized {
                        path: path.to_owned(),
                    });
                }
                let data = section.uncompressed_data().map_err(damaged)?;
                return Ok(Some(Found::Inflated(data.into_owned())));
            }
            let end = range.offset.checked_add(range.uncompressed_size);
            if end.is_none_or(|end| end > length) {
                return Err(ReadError::Oversized {
                    path: path.to_owned(),
                });
            }
            Ok(Some(Found::Range(range.offset, range.uncompressed_size)))
        };
        let names = [
            ".debug_info",
            ".debug_abbrev",
            ".debug_str",
            ".debug_line_str",
            ".debug_str_offsets",
            ".debug_line",
        ];
        let mut all = Vec::new();
        for name in names {
            all.push(found(name)?);
        }
        let file = cache.into_inner();
        let mut all = all.into_iter().map(|found| match found {
            Some(Found::Inflated(bytes)) => Info::InMemory(bytes),
            Some(Found::Range(start, length)) => Info::InFile { start, length },
            None => Info::InMemory(Vec::new()),
        });
        let info = all.next().unwrap_or(Info::InMemory(Vec::new()));
        let mut whole = || match all.next() {
            Some(Info::InFile { start, length }) => {
                let mut bytes = vec![0; length as usize];
                file.read_exact_at(&mut bytes, start).map_err(unreadable)?;
                Ok::<_, ReadError>(bytes)
            }
            Some(Info::InMemory(bytes)) => Ok(bytes),
            None => Ok(Vec::new()),
        };
        let sections = Self {
            abbreviations: whole()?,
            strings: whole()?,
            line_strings: whole()?,
            string_offsets: whole()?,
            lines: whole()?,
            little_endian,
            info,
            file,
        };
        if sections.info_length() == 0 {
            return Err(ReadError::NoDebugInfo {
                path: path.to_owned(),
            });
        }
        Ok(sections)
    }

    /// Bytes of `.debug_info`.
    pub(super) fn info_length(&self) -> u64 {
        match &self.info {
            Info::InFile { length, .. } => *length,
            Info::InMemory(bytes) => bytes.len() as u64,
        }
    }

    /// Bytes of `.debug_info`; fewer than asked for at its end or where the file is cut short.
    pub(super) fn info<'b>(
        &'b self,
        offset: u64,
        length: u64,
        buffer: &'b mut Vec<u8>,
    ) -> Cow<'b, [u8]> {
        let length = length.min(self.info_length().saturating_sub(offset)) as usize;
        match &self.info {
            Info::InMemory(bytes) => {
                let offset = offset as usize;
                Cow::Borrowed(bytes.get(offset..offset + length).unwrap_or_default())
            }
            Info::InFile { start, .. } => {
                buffer.resize(length, 0);
                match self.file.read_exact_at(buffer, start + offset) {
                    Ok(()) => Cow::Borrowed(&buffer[..]),
                    Err(_) => Cow::Borrowed(&[]),
                }
            }
        }
    }

    /// Start and length of every unit, as far as the lengths make sense.
    pub(super) fn units(&self) -> Vec<(u64, u64)> {
        let mut units = Vec::new();
        let mut at = 0;
        let mut buffer = Vec::new();
        while let Some(length) = self.unit_length(at, &mut buffer) {
            units.push((at, length));
            at += length;
        }
        units
    }

    /// With the length field itself. `None` at the end and where what follows is damaged.
    fn unit_length(&self, at: u64, buffer: &mut Vec<u8>) -> Option<u64> {
        let bytes = self.info(at, 12, buffer);
        let number = |bytes: &[u8]| {
            let digits = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
            if self.little_endian {
                bytes.iter().rev().fold(0, digits)
            } else {
                bytes.iter().fold(0, digits)
            }
        };
        let short = number(bytes.get(..4)?);
        let (header, length) = if short == 0xffff_ffff {
            (12, number(bytes.get(4..12)?))
        } else {
            (4, short)
        };
        let whole = length.checked_add(header)?;
        (length > 0 && at.checked_add(whole)? <= self.info_length()).then_some(whole)
    }
}
