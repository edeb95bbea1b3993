//! What addr2line is trusted with.
//!
//! It is made for what compilers write: it calls itself for every inlined function inside another, and makes a path of
//! every source file of a unit. So a unit is looked over before the first of its addresses is asked for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use gimli::{AttributeValue, Dwarf, EndianSlice, RunTimeEndian, Unit};

use crate::attributes;

/// Why debug info has no answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Damage {
    #[error(transparent)]
    Unreadable(#[from] gimli::Error),
    #[error("it is far larger or deeper than its file can be worth")]
    Unbounded,
}

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Inlined functions inside one another. Real ones are a few dozen; addr2line needs a kilobyte of stack for each.
const DEEPEST: usize = 256;
/// Bytes that tables of lines may take in memory for any binary, and more for each byte of the file. Tables may be shared
/// by thousands of units, each of which has its own in memory.
const LEAST: usize = 64 << 20;
const PER_BYTE: usize = 64;
/// Bytes in memory for each byte of a table of lines.
const ROW: usize = 24;

/// Which units may be asked for.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    /// Where the code of units is, ascending by end.
    spans: Vec<Span>,
    /// Units that do not say where their code is.
    anywhere: Vec<usize>,
    /// What was found out about units so far.
    checked: RefCell<HashMap<usize, Result<(), Damage>>>,
    /// Bytes that may still be taken.
    room: Cell<usize>,
    /// Ranges of code that may still be noted.
    ranges: usize,
}

#[derive(Debug)]
struct Span {
    start: u64,
    end: u64,
    /// The least start of this and all later ones.
    least: u64,
    unit: usize,
}

impl Bounds {
    pub(crate) fn new(file_length: usize) -> Self {
        let room = file_length.saturating_mul(PER_BYTE).saturating_add(LEAST);
        Self {
            room: Cell::new(room),
            // No range takes less than a byte.
            ranges: file_length,
            ..Self::default()
        }
    }

    /// Notes where a unit's code is. Returns whether all units so far may be kept in memory.
    pub(crate) fn note(
        &mut self,
        dwarf: &Dwarf<Slice<'_>>,
        unit: &Unit<Slice<'_>>,
        index: usize,
    ) -> bool {
        let noted = self.spans.len();
        if let Ok(mut ranges) = dwarf.unit_ranges(unit) {
            while let Ok(Some(range)) = ranges.next() {
                if self.spans.len() > self.ranges {
                    return false;
                }
                if range.begin < range.end {
                    self.spans.push(Span {
                        start: range.begin,
                        end: range.end,
                        least: 0,
                        unit: index,
                    });
                }
            }
        }
        if self.spans.len() == noted {
            self.anywhere.push(index);
        }
        let header = unit.line_program.as_ref().map(|program| program.header());
        self.take(header.map_or(0, |header| header.header_length().saturating_mul(ROW)))
    }

    /// Has to be called after the last [`Bounds::note`].
    pub(crate) fn settle(&mut self) {
        self.spans
            .sort_unstable_by_key(|span| (span.end, span.unit));
        let mut least = u64::MAX;
        for span in self.spans.iter_mut().rev() {
            least = least.min(span.start);
            span.least = least;
        }
    }

    /// What keeps addr2line from being asked for an address: it will look into all units that have code there.
    pub(crate) fn check<'a>(
        &self,
        dwarf: &Dwarf<Slice<'a>>,
        address: u64,
        unit: impl Fn(usize) -> Option<Rc<Unit<Slice<'a>>>>,
    ) -> Result<(), Damage> {
        let first = self.spans.partition_point(|span| span.end <= address);
        let after = self.spans[first..]
            .iter()
            .take_while(|span| span.least <= address);
        let around = after.filter(|span| span.start <= address);
        let mut units = around
            .map(|span| span.unit)
            .chain(self.anywhere.iter().copied());
        units.try_for_each(|index| {
            let known = self.checked.borrow().get(&index).copied();
            known.unwrap_or_else(|| {
                // What cannot be read is not looked into.
                let checked = unit(index).map_or(Ok(()), |unit| self.look_over(dwarf, &unit));
                self.checked.borrow_mut().insert(index, checked);
                checked
            })
        })
    }

    fn look_over<'a>(
        &self,
        dwarf: &Dwarf<Slice<'a>>,
        unit: &Unit<Slice<'a>>,
    ) -> Result<(), Damage> {
        if self.take(lines(dwarf, unit)) && is_shallow(unit)? {
            Ok(())
        } else {
            Err(Damage::Unbounded)
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let left = self.room.get().checked_sub(bytes);
        self.room.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// Bytes that a unit's lines and the paths of its files take in memory.
fn lines<'a>(dwarf: &Dwarf<Slice<'a>>, unit: &Unit<Slice<'a>>) -> usize {
    let Some(program) = &unit.line_program else {
        return 0;
    };
    let header = program.header();
    let length = |value: AttributeValue<Slice<'a>>| {
        let text = dwarf.attr_string(unit, value);
        text.map_or(0, |text| text.len())
    };
    let folder = unit.comp_dir.map_or(0, |folder| folder.len());
    let rows = header.raw_program_buf().len().saturating_mul(ROW);
    header.file_names().iter().fold(rows, |bytes, file| {
        let own = length(file.path_name());
        let path = folder + file.directory(header).map_or(0, length) + own;
        bytes.saturating_add(path)
    })
}

/// Whether no inlined function is deeper inside of others than any compiler puts it.
fn is_shallow(unit: &Unit<Slice<'_>>) -> Result<bool, gimli::Error> {
    let mut around: Vec<isize> = Vec::new();
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        if abbreviation.tag() == gimli::DW_TAG_inlined_subroutine {
            while around.pop_if(|around| *around >= depth).is_some() {}
            around.push(depth);
            if around.len() > DEEPEST {
                return Ok(false);
            }
        }
        attributes::skip(&mut entries, abbreviation)?;
    }
    Ok(true)
}
