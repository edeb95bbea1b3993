//! A binary file: its bytes, symbols, code ranges and build id.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{Read, Seek};
use std::ops::Range;
use std::path::Path;

use gimli::{BaseAddresses, CieOrFde, EhFrame, EndianSlice, RunTimeEndian, UnwindSection};
use object::{
    CompressionFormat, Object, ObjectSection, ObjectSegment, ObjectSymbol, ReadCache, SymbolFlags,
    SymbolKind,
};

use crate::compressed::Allowance;
use crate::problem::OpenError;

/// Symbol type of a function whose address is only its resolver's.
const STT_GNU_IFUNC: u8 = 10;

/// A binary, read whole: memory mapping would need unsafe code, and reading 60 MB from the page cache takes 20 ms.
pub(crate) struct Image {
    bytes: Vec<u8>,
    /// Debug sections that were compressed in the file.
    inflated: Vec<(String, Vec<u8>)>,
    symbols: Vec<Symbol>,
    /// (Address, file offset, size) of loaded segments.
    segments: Vec<(u64, u64, u64)>,
    functions: OnceCell<Vec<(u64, u64)>>,
}

/// A function in a symbol table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Symbol {
    start: u64,
    end: u64,
    /// Where its name is in the file. Many may share one, so that copies may be larger than the file by far.
    name: Range<usize>,
}

/// What the headers of a binary say; read without reading the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// In hexadecimal. A hash of the file where the linker wrote none.
    pub(crate) build_id: String,
    pub(crate) debug_info: bool,
    pub(crate) line_tables: bool,
    pub(crate) symbols: bool,
}

impl Outline {
    pub(crate) fn read(path: &Path) -> Result<Self, OpenError> {
        let unreadable = |source| OpenError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(std::io::ErrorKind::InvalidInput.into()));
        }
        let cache = ReadCache::new(file);
        let object = object::File::parse(&cache).map_err(|source| OpenError::NotABinary {
            path: path.to_owned(),
            source,
        })?;
        let present = |name: &str| {
            object
                .section_by_name(name)
                .is_some_and(|section| section.size() > 0)
        };
        let build_id = match object.build_id() {
            Ok(Some(id)) if !id.is_empty() => hexadecimal(id),
            _ => String::new(),
        };
        let mut outline = Self {
            build_id,
            debug_info: present(".debug_info"),
            line_tables: present(".debug_line"),
            symbols: object.symbol_table().is_some(),
        };
        if outline.build_id.is_empty() {
            outline.build_id = content_id(&mut cache.into_inner(), metadata.len());
        }
        Ok(outline)
    }
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Self, OpenError> {
        let bytes = std::fs::read(path).map_err(|source| OpenError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let object = object::File::parse(&*bytes).map_err(|source| OpenError::NotABinary {
            path: path.to_owned(),
            source,
        })?;
        let mut allowance = Allowance::new(bytes.len() as u64);
        let inflated = object
            .sections()
            .filter_map(|section| {
                let range = section.compressed_file_range().ok()?;
                let compressed = range.format != CompressionFormat::None;
                if !compressed || !allowance.take(range.uncompressed_size) {
                    return None;
                }
                let data = match section.uncompressed_data().ok()? {
                    std::borrow::Cow::Owned(data) => data,
                    std::borrow::Cow::Borrowed(_) => return None,
                };
                Some((
                    section
                        .name()
                        .ok()?
                        .trim_start_matches(".z")
                        .trim_start_matches('.')
                        .to_owned(),
                    data,
                ))
            })
            .collect();
        let segments = object
            .segments()
            .map(|segment| {
                let (offset, size) = segment.file_range();
                (segment.address(), offset, size)
            })
            .collect();
        let symbols = symbols(&object, &bytes);
        Ok(Self {
            inflated,
            symbols,
            segments,
            bytes,
            functions: OnceCell::new(),
        })
    }

    /// The contents of a debug section, decompressed; empty where it does not exist.
    pub(crate) fn section<'a>(&'a self, object: &object::File<'a>, name: &str) -> &'a [u8] {
        let bare = name.trim_start_matches('.');
        if let Some((_, data)) = self.inflated.iter().find(|(inflated, _)| inflated == bare) {
            return data;
        }
        object
            .section_by_name(name)
            .and_then(|section| section.data().ok())
            .unwrap_or_default()
    }

    /// Bytes of the file.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn object(&self) -> Option<object::File<'_>> {
        object::File::parse(&*self.bytes).ok()
    }

    /// The name of the function symbol around an address.
    pub(crate) fn symbol(&self, address: u64) -> Option<&str> {
        let index = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let symbol = self.symbols.get(index.checked_sub(1)?)?;
        if address >= symbol.end {
            return None;
        }
        std::str::from_utf8(self.bytes.get(symbol.name.clone())?).ok()
    }

    /// The range of the function around an address, from unwind information: it is there in stripped files too.
    pub(crate) fn function(&self, address: u64) -> Option<(u64, u64)> {
        let functions = self.functions.get_or_init(|| self.unwind_ranges());
        let index = functions.partition_point(|(start, _)| *start <= address);
        let range = functions.get(index.checked_sub(1)?)?;
        (address < range.1).then_some(*range)
    }

    /// Whether the instruction before this address enters the kernel.
    pub(crate) fn after_system_call(&self, address: u64) -> bool {
        // `syscall` on x86-64, `svc #0` on aarch64.
        self.ends_with(address, &[0x0f, 0x05]) || self.ends_with(address, &[0x01, 0x00, 0x00, 0xd4])
    }

    fn ends_with(&self, address: u64, code: &[u8]) -> bool {
        let Some(start) = address.checked_sub(code.len() as u64) else {
            return false;
        };
        let segment = self
            .segments
            .iter()
            .find(|(at, _, size)| start >= *at && address <= at.saturating_add(*size));
        let Some((at, offset, _)) = segment else {
            return false;
        };
        let Ok(from) = usize::try_from(offset.saturating_add(start - at)) else {
            return false;
        };
        from.checked_add(code.len())
            .and_then(|to| self.bytes.get(from..to))
            == Some(code)
    }

    fn unwind_ranges(&self) -> Vec<(u64, u64)> {
        let mut ranges = Vec::new();
        let Some(object) = self.object() else {
            return ranges;
        };
        let Some(section) = object.section_by_name(".eh_frame") else {
            return ranges;
        };
        let Ok(data) = section.data() else {
            return ranges;
        };
        let text = object
            .section_by_name(".text")
            .map_or(0, |text| text.address());
        let bases = BaseAddresses::default()
            .set_eh_frame(section.address())
            .set_text(text);
        let endian = if object.is_little_endian() {
            RunTimeEndian::Little
        } else {
            RunTimeEndian::Big
        };
        let frames = EhFrame::from(EndianSlice::new(data, endian));
        let mut entries = frames.entries(&bases);
        while let Ok(Some(entry)) = entries.next() {
            if let CieOrFde::Fde(partial) = entry
                && let Ok(fde) = partial.parse(EhFrame::cie_from_offset)
            {
                let start = fde.initial_address();
                ranges.push((start, start.saturating_add(fde.len())));
            }
        }
        ranges.sort_unstable();
        ranges
    }
}

fn symbols(object: &object::File<'_>, bytes: &[u8]) -> Vec<Symbol> {
    let resolver = |flags| matches!(flags, SymbolFlags::Elf { st_info, .. } if st_info.0 & 0xf == STT_GNU_IFUNC);
    let code = object
        .symbols()
        .chain(object.dynamic_symbols())
        .filter(|symbol| {
            symbol.is_definition() && symbol.kind() == SymbolKind::Text && !resolver(symbol.flags())
        });
    let mut symbols: Vec<Symbol> = code
        .filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            let at = name.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
            let (start, size) = (symbol.address(), symbol.size());
            Some(Symbol {
                start,
                end: start.saturating_add(size),
                name: at..at + name.len(),
            })
        })
        .collect();
    // Of several names for one address the shortest without leading underscores is the one people know.
    symbols.sort_unstable_by(|a, b| {
        let rank = |symbol: &Symbol| {
            let name = bytes.get(symbol.name.clone()).unwrap_or_default();
            let underscores = name.iter().take_while(|byte| **byte == b'_').count();
            (underscores, name.len(), name)
        };
        (a.start.cmp(&b.start)).then_with(|| rank(a).cmp(&rank(b)))
    });
    symbols.dedup_by(|later, first| {
        let same = later.start == first.start;
        if same {
            first.end = first.end.max(later.end);
        }
        same
    });
    // Hand-written assembly often has no size: it reaches to the next symbol.
    for index in 0..symbols.len() {
        if symbols[index].end == symbols[index].start {
            symbols[index].end = symbols
                .get(index + 1)
                .map_or(symbols[index].start.saturating_add(1), |next| next.start);
        }
    }
    symbols
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Stands in for a build id: length and a hash of the whole file.
fn content_id(file: &mut File, length: u64) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut buffer = vec![0; 1 << 20];
    let rewound = file.rewind().is_ok();
    while let Some(read) = file
        .read(&mut buffer)
        .ok()
        .filter(|read| rewound && *read > 0)
    {
        // The last few bytes of a read that is no multiple of eight do not tell builds apart.
        for word in buffer[..read].as_chunks().0 {
            hash = (hash ^ u64::from_le_bytes(*word))
                .wrapping_mul(0x0000_0100_0000_01b3)
                .rotate_left(23);
        }
    }
    format!("content-{length:x}-{hash:016x}")
}
