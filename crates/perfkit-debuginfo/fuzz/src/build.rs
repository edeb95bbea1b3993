//! Makes the file that a plan describes.

use gimli::write::{
    Address, AttributeValue, DebugInfoRef, Dwarf, EndianVec, LineProgram, LineString, Sections,
    Unit, UnitEntryId, UnitId, Writer as _,
};
use gimli::{DwAt, Encoding, Format, LineEncoding, LittleEndian};
use object::write::{Object, SectionId, StandardSection, StandardSegment, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};

use crate::plan::{Attribute, MOST_BYTES, Name, Number, Plan, Step, Tag, Target, Times};

/// Where the code of all units is.
const CODE: u64 = 0x1000;
/// Addresses that functions of a plan are likely to cover.
pub const ADDRESSES: [u64; 6] = [CODE, CODE + 1, CODE + 16, CODE + 40, CODE + 0xff0, u64::MAX];

/// Enough for what takes quadratic time to take longer than a fuzzer waits.
const MOST_ENTRIES: usize = 20_000;

/// Builds the file.
///
/// # Panics
/// When what was built cannot be written, which is a mistake here.
#[must_use]
pub fn build(plan: &Plan<'_>) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.set_section_data(text, vec![0x90; 64], 16);
    let mut builder = Builder {
        encoding: Encoding {
            format: if plan.is_64_bit {
                Format::Dwarf64
            } else {
                Format::Dwarf32
            },
            version: if plan.is_version_5 { 5 } else { 4 },
            address_size: 8,
        },
        dwarf: Dwarf::new(),
        units: Vec::new(),
        open: Vec::new(),
        references: Vec::new(),
        entries_left: MOST_ENTRIES,
        bytes_left: MOST_BYTES,
    };
    builder.unit(None);
    for step in &plan.steps {
        match step {
            Step::Unit { files } => builder.unit(Some(*files)),
            Step::Entries {
                tag,
                attributes,
                times,
                are_nested,
            } => builder.entries(*tag, attributes, *times, *are_nested),
            Step::Close(levels) => {
                let left = builder.open.len().saturating_sub(usize::from(*levels));
                builder.open.truncate(left.max(1));
            }
            Step::Functions {
                name,
                address,
                size,
                times,
            } => builder.functions(&mut object, text, *name, (*address, *size), *times),
        }
    }
    let mut sections = builder.finish();
    let info = sections.debug_info.0.slice().to_vec();
    for _ in 1..plan.copies.number() {
        if sections.debug_info.0.len() + info.len() > MOST_BYTES {
            break;
        }
        let written = sections.debug_info.0.write(&info);
        written.expect("a vector grows");
    }
    sections
        .for_each(|id, data| {
            let mut data = data.slice().to_vec();
            for (damaged, at, byte) in &plan.damage {
                let at = usize::from(*at) % data.len().max(1);
                if damaged.section() == id
                    && let Some(old) = data.get_mut(at)
                {
                    *old = *byte;
                }
            }
            let segment = object.segment_name(StandardSegment::Debug).to_vec();
            let section = object.add_section(segment, id.name().into(), SectionKind::Debug);
            object.set_section_data(section, data, 1);
            Ok::<_, gimli::write::Error>(())
        })
        .expect("sections can be copied");
    object.write().expect("all of it is well-formed")
}

struct Builder {
    encoding: Encoding,
    dwarf: Dwarf,
    /// Units with their entries, in the order in which they were added.
    units: Vec<(UnitId, Vec<UnitEntryId>)>,
    /// Entries around the next one, the unit's own first.
    open: Vec<UnitEntryId>,
    references: Vec<Reference>,
    entries_left: usize,
    bytes_left: usize,
}

/// What an attribute refers to, which may be added later than itself.
struct Reference {
    unit: usize,
    entry: usize,
    attribute: DwAt,
    target: Target,
}

impl Builder {
    /// Whether there is room for one more entry, with so many bytes of names.
    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.entries_left > 0 && self.bytes_left >= bytes;
        if fits {
            self.entries_left -= 1;
            self.bytes_left -= bytes;
        }
        fits
    }

    fn unit(&mut self, files: Option<Times>) {
        if !self.take(64) {
            return;
        }
        let text = |text: &str| LineString::String(text.into());
        let (line, folder) = (LineEncoding::default(), text("/src"));
        let mut lines = LineProgram::new(self.encoding, line, folder, None, text("main.rs"), None);
        let folder = lines.default_directory();
        let mut file = lines.add_file(text("main.rs"), folder, None);
        for index in 1..files.map_or(1, Times::number) {
            if !self.take(16) {
                break;
            }
            file = lines.add_file(text(&format!("{index}.rs")), folder, None);
        }
        lines.begin_sequence(Some(Address::Constant(CODE)));
        for line in 1..4 {
            lines.row().file = file;
            lines.row().line = line;
            lines.row().address_offset = line * 8;
            lines.generate_row();
        }
        lines.end_sequence(0x1000);
        let mut unit = Unit::new(self.encoding, lines);
        let root = unit.root();
        let entry = unit.get_mut(root);
        let start = AttributeValue::Address(Address::Constant(CODE));
        let name = b"src/main.rs/@/seed.0".to_vec();
        entry.set(gimli::DW_AT_name, AttributeValue::String(name));
        entry.set(gimli::DW_AT_low_pc, start);
        entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(0x1000));
        entry.set(gimli::DW_AT_stmt_list, AttributeValue::LineProgramRef);
        self.units.push((self.dwarf.units.add(unit), vec![root]));
        self.open = vec![root];
    }

    fn entries(&mut self, tag: Tag, attributes: &[Attribute<'_>], times: Times, are_nested: bool) {
        let names = attributes.iter().map(|attribute| match attribute {
            Attribute::Name(name) | Attribute::LinkageName(name) => name.text(),
            _ => String::new(),
        });
        let names: Vec<String> = names.collect();
        for index in 0..times.number() {
            let bytes = attributes.iter().zip(&names).map(|(attribute, name)| {
                let (Attribute::Name(own) | Attribute::LinkageName(own)) = attribute else {
                    return 2;
                };
                // In the table of strings a name is there once.
                if own.is_inline || index == 0 {
                    name.len() + 2
                } else {
                    4
                }
            });
            let bytes: usize = bytes.sum();
            if !self.take(bytes) {
                return;
            }
            let (Some(parent), Some((id, entries))) = (self.open.last(), self.units.last_mut())
            else {
                return;
            };
            let entry = self.dwarf.units.get_mut(*id).add(*parent, tag.dwarf());
            entries.push(entry);
            for (attribute, name) in attributes.iter().zip(&names) {
                self.attribute(entry, attribute, name, index);
            }
            if are_nested {
                self.open.push(entry);
            }
        }
    }

    /// Sets an attribute of the newest entry, which is the one of this index among its like.
    fn attribute(&mut self, id: UnitEntryId, attribute: &Attribute<'_>, name: &str, index: usize) {
        let Some((unit, entries)) = self.units.last() else {
            return;
        };
        let mut text = |own: &Name<'_>| {
            if own.is_inline {
                AttributeValue::String(name.into())
            } else {
                AttributeValue::StringRef(self.dwarf.strings.add(name))
            }
        };
        let (attribute, value) = match attribute {
            Attribute::Name(own) => (gimli::DW_AT_name, text(own)),
            Attribute::LinkageName(own) => (gimli::DW_AT_linkage_name, text(own)),
            Attribute::Number(what, number) => {
                let value = number.attribute(index, self.encoding.version >= 5);
                (what.dwarf(), value)
            }
            Attribute::Reference(what, target) => {
                self.references.push(Reference {
                    unit: self.units.len() - 1,
                    entry: entries.len() - 1,
                    attribute: what.dwarf(),
                    target: *target,
                });
                return;
            }
            Attribute::Artificial => (gimli::DW_AT_artificial, AttributeValue::FlagPresent),
            Attribute::Code { at, length } => {
                let start = Address::Constant(CODE + u64::from(*at) * 16);
                let entry = self.dwarf.units.get_mut(*unit).get_mut(id);
                entry.set(gimli::DW_AT_low_pc, AttributeValue::Address(start));
                let length = AttributeValue::Udata(length.value(index));
                (gimli::DW_AT_high_pc, length)
            }
        };
        let entry = self.dwarf.units.get_mut(*unit).get_mut(id);
        entry.set(attribute, value);
    }

    fn functions(
        &mut self,
        object: &mut Object<'_>,
        text: SectionId,
        name: Name<'_>,
        (address, size): (Number, Number),
        times: Times,
    ) {
        let name = name.text();
        for index in 0..times.number() {
            if !self.take(name.len() + 24) {
                return;
            }
            object.add_symbol(Symbol {
                name: name.clone().into_bytes(),
                value: address.value(index).wrapping_add(index as u64),
                size: size.value(index),
                kind: SymbolKind::Text,
                scope: SymbolScope::Linkage,
                weak: false,
                section: SymbolSection::Section(text),
                flags: SymbolFlags::None,
            });
        }
    }

    fn finish(mut self) -> Sections<EndianVec<LittleEndian>> {
        for reference in std::mem::take(&mut self.references) {
            let nth = |unit: usize, index: usize| {
                let (id, entries) = &self.units[unit % self.units.len()];
                (*id, entries[index % entries.len()])
            };
            let value = match reference.target {
                Target::Near(by) => {
                    let at = reference.entry.saturating_add_signed(isize::from(by));
                    AttributeValue::UnitRef(nth(reference.unit, at).1)
                }
                Target::Any(at) => AttributeValue::UnitRef(nth(reference.unit, usize::from(at)).1),
                Target::InUnit(unit, at) => {
                    let (id, entry) = nth(usize::from(unit), usize::from(at));
                    AttributeValue::DebugInfoRef(DebugInfoRef::Entry(id, entry))
                }
            };
            let (unit, entry) = nth(reference.unit, reference.entry);
            let entry = self.dwarf.units.get_mut(unit).get_mut(entry);
            entry.set(reference.attribute, value);
        }
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        let written = self.dwarf.write(&mut sections);
        written.expect("all of it is well-formed");
        sections
    }
}
