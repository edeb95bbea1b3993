//! Units ready to be read, and the source files that they name.
//!
//! Nothing here is read per unit that units can share: in a damaged file thousands may share one large table.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use gimli::{
    Abbreviations, AttributeValue, DebugAddrBase, DebugLine, DebugLineOffset, DebugLocListsBase,
    DebugRngListsBase, DebugStrOffsetsBase, Dwarf, DwarfFileType, EndianSlice,
    IncompleteLineProgram, RunTimeEndian, UnitHeader,
};

use super::sections::Sections;
use super::unit::Slice;

/// Tables kept because several units use them. Compilers write one per unit, so that real files need none.
const MOST_KEPT: usize = 16;
/// Folders and name of a source file together: each place in it has a copy of its path.
const LONGEST_PATH: usize = 1_024;

/// Opens one unit after the other.
pub(super) struct Opener<'s> {
    sections: &'s Sections,
    abbreviations: Kept<Option<Arc<Abbreviations>>>,
    lines: Kept<Lines<'s>>,
}

/// The header of a line program, which has the names of source files.
type Lines<'s> = Option<Rc<IncompleteLineProgram<Slice<'s>>>>;

/// A unit and where its parts are.
pub(super) struct Opened<'u> {
    pub(super) dwarf: Dwarf<Slice<'u>>,
    pub(super) unit: gimli::Unit<Slice<'u>>,
    lines: Option<DebugLineOffset>,
    /// Source files that were asked for.
    files: HashMap<u64, String>,
}

impl<'s> Opener<'s> {
    pub(super) fn new(sections: &'s Sections) -> Self {
        Self {
            sections,
            abbreviations: Kept::default(),
            lines: Kept::default(),
        }
    }

    /// Opens the unit of a slice that holds just one.
    pub(super) fn open<'u>(&mut self, info: &'u [u8]) -> Option<Opened<'u>>
    where
        's: 'u,
    {
        let dwarf = dwarf(self.sections, info);
        let header = dwarf.units().next().ok()??;
        let offset = header.debug_abbrev_offset();
        let table = self
            .abbreviations
            .get(offset.0, || dwarf.abbreviations(&header).ok());
        let (unit, lines) = open(&dwarf, header, table?)?;
        Some(Opened {
            dwarf,
            unit,
            lines,
            files: HashMap::new(),
        })
    }

    /// The path of a source file, absolute where debug info knows the folder; empty where it is not known.
    pub(super) fn file<'u>(&mut self, unit: &mut Opened<'u>, index: u64) -> String
    where
        's: 'u,
    {
        if let Some(file) = unit.files.get(&index) {
            return file.clone();
        }
        let size = unit.unit.encoding().address_size;
        let lines = unit.lines.and_then(|offset| {
            let section = DebugLine::from(slice(self.sections, &self.sections.lines));
            let parse = || Some(Rc::new(section.program(offset, size, None, None).ok()?));
            self.lines.get(offset.0, parse)
        });
        let file = lines.and_then(|lines| file_name(unit, &lines, index));
        let file = file.unwrap_or_default();
        unit.files.insert(index, file.clone());
        file
    }
}

/// What was parsed at an offset, kept once the offset is met again.
struct Kept<T> {
    met: HashSet<usize>,
    kept: HashMap<usize, T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            met: HashSet::new(),
            kept: HashMap::new(),
        }
    }
}

impl<T: Clone> Kept<T> {
    fn get(&mut self, offset: usize, parse: impl FnOnce() -> T) -> T {
        if let Some(kept) = self.kept.get(&offset) {
            return kept.clone();
        }
        let parsed = parse();
        if !self.met.insert(offset) && self.kept.len() < MOST_KEPT {
            self.kept.insert(offset, parsed.clone());
        }
        parsed
    }
}

fn slice<'s>(sections: &Sections, bytes: &'s [u8]) -> Slice<'s> {
    let endian = if sections.little_endian {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    EndianSlice::new(bytes, endian)
}

fn dwarf<'u>(sections: &'u Sections, info: &'u [u8]) -> Dwarf<Slice<'u>> {
    let loaded = Dwarf::load(|id| {
        let bytes = match id {
            gimli::SectionId::DebugInfo => info,
            gimli::SectionId::DebugAbbrev => &sections.abbreviations,
            gimli::SectionId::DebugStr => &sections.strings,
            gimli::SectionId::DebugLineStr => &sections.line_strings,
            gimli::SectionId::DebugStrOffsets => &sections.string_offsets,
            _ => &[],
        };
        Ok::<_, std::convert::Infallible>(slice(sections, bytes))
    });
    match loaded {
        Ok(dwarf) => dwarf,
        Err(never) => match never {},
    }
}

/// As [`gimli::Unit::new`] does, but for the line program: damage there is no reason to have no types.
fn open<'u>(
    dwarf: &Dwarf<Slice<'u>>,
    header: UnitHeader<Slice<'u>>,
    abbreviations: Arc<Abbreviations>,
) -> Option<(gimli::Unit<Slice<'u>>, Option<DebugLineOffset>)> {
    let (encoding, kind) = (header.encoding(), DwarfFileType::Main);
    let mut unit = gimli::Unit {
        header,
        abbreviations,
        name: None,
        comp_dir: None,
        low_pc: 0,
        str_offsets_base: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, kind),
        addr_base: DebugAddrBase(0),
        loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, kind),
        rnglists_base: DebugRngListsBase::default_for_encoding_and_file(encoding, kind),
        line_program: None,
        dwo_id: None,
    };
    let (mut folder, mut lines) = (None, None);
    let mut entries = header.entries(&unit.abbreviations);
    entries.next_dfs().ok()?;
    for attribute in entries.current()?.attrs() {
        match (attribute.name(), attribute.value()) {
            (gimli::DW_AT_comp_dir, value) => folder = Some(value),
            (gimli::DW_AT_stmt_list, AttributeValue::DebugLineRef(offset)) => lines = Some(offset),
            (gimli::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(base)) => {
                unit.str_offsets_base = base;
            }
            _ => {}
        }
    }
    unit.comp_dir = folder.and_then(|folder| dwarf.attr_string(&unit, folder).ok());
    Some((unit, lines))
}

fn file_name<'u, 's: 'u>(
    unit: &Opened<'u>,
    lines: &IncompleteLineProgram<Slice<'s>>,
    index: u64,
) -> Option<String> {
    let header = lines.header();
    let file = header.file(index)?;
    let text = |value: AttributeValue<Slice<'u>>| unit.dwarf.attr_string(&unit.unit, value).ok();
    let name = text(file.path_name())?;
    let folders = [unit.unit.comp_dir, file.directory(header).and_then(text)];
    let parts = folders.into_iter().flatten().chain([name]);
    if parts.clone().map(|part| part.len()).sum::<usize>() > LONGEST_PATH {
        return None;
    }
    let mut path = PathBuf::new();
    path.extend(parts.map(|part| part.to_string_lossy().into_owned()));
    Some(path.to_string_lossy().into_owned())
}
