//! One unit of debug info, as far as types are concerned: entries and members in flat lists.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};

use gimli::{
    AttributeValue, Dwarf, EndianSlice, EntriesRaw, RunTimeEndian, Section as _, Unit, UnitOffset,
};

use super::room::LONGEST_NAME;
use crate::attributes;

pub(super) type Slice<'u> = EndianSlice<'u, RunTimeEndian>;

/// A string that was not read to its end yet.
///
/// PERF: names of generic types have hundreds of bytes, and most are only asked for their first one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Text<'u> {
    bytes: &'u [u8],
    /// Whether the bytes are among the entries themselves and not in a table of strings.
    is_inline: bool,
}

impl<'u> Text<'u> {
    pub(super) fn starts_with(self, text: &str) -> bool {
        self.bytes.starts_with(text.as_bytes())
    }

    pub(super) fn is_empty(self) -> bool {
        matches!(self.bytes.first(), None | Some(0))
    }

    pub(super) fn read(self) -> Cow<'u, str> {
        let end = memchr::memchr(0, self.bytes).unwrap_or(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[..end])
    }

    /// Something that is the same for the same string. In a table its place will do: linkers keep one copy.
    pub(super) fn identify(self, hasher: &mut impl Hasher) {
        if self.is_inline {
            self.read().hash(hasher);
        } else {
            self.bytes.as_ptr().addr().hash(hasher);
        }
    }
}

/// What was read of one unit.
#[derive(Debug, Default)]
pub(super) struct RawUnit<'u> {
    /// Where the unit starts in `.debug_info`.
    pub(super) start: u64,
    /// Bytes of an address.
    pub(super) address_size: u64,
    /// In ascending order of their offsets.
    pub(super) entries: Vec<Entry<'u>>,
    /// Grouped by the entry they belong to.
    pub(super) members: Vec<Member<'u>>,
    /// Bodies of closures and futures.
    pub(super) bodies: Vec<Body<'u>>,
    /// Variables in those bodies.
    pub(super) locals: Vec<Local<'u>>,
    /// Whether a member's type lies in another unit, as after link-time optimisation.
    pub(super) refers_elsewhere: bool,
    /// Whether the types lie in another file.
    pub(super) is_split: bool,
}

/// A namespace or a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'u> {
    /// Where it is in `.debug_info`.
    pub(super) offset: u64,
    pub(super) kind: EntryKind,
    pub(super) name: Text<'u>,
    /// Index of the entry around it.
    pub(super) parent: Option<u32>,
    pub(super) size: Option<u64>,
    pub(super) align: u64,
    /// Elements of an array.
    pub(super) count: u64,
    /// Offset of the type that an array, pointer or alias is of.
    pub(super) target: Option<u64>,
    /// Range of [`RawUnit::members`].
    pub(super) members: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Namespace,
    Struct,
    Union,
    /// A structure with a variant part.
    Variants,
    /// An enum without fields.
    Enumeration,
    Base,
    Pointer,
    Array,
    Alias,
}

/// A field, a variant or the tag of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'u> {
    pub(super) name: Text<'u>,
    /// Offset of its type in `.debug_info`.
    pub(super) target: Option<u64>,
    pub(super) offset: u64,
    /// Index in the unit's file table, and line.
    pub(super) place: (u64, u32),
    pub(super) role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Field,
    Variant,
    Tag,
}

/// The function that polls a future or runs a closure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'u> {
    pub(super) name: Text<'u>,
    pub(super) linkage_name: Text<'u>,
    pub(super) parent: Option<u32>,
    /// Range of [`RawUnit::locals`].
    pub(super) locals: (u32, u32),
}

/// A variable with a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local<'u> {
    pub(super) name: Text<'u>,
    pub(super) place: (u64, u32),
}

/// The entries around the one that is read.
#[derive(Debug, Clone, Copy)]
struct Around {
    depth: isize,
    what: Inside,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// A namespace or type.
    Entry(u32),
    /// The variant part of a type.
    Variants(u32),
    /// A variant of a type.
    Variant(u32),
    /// A closure's or future's body.
    Body(u32),
    /// Any other function: nothing below it is of interest but variables of bodies.
    Function,
    /// A type that is too small to be of interest itself.
    Small,
}

/// Attributes of an entry, those that types use.
#[derive(Default)]
struct Attributes<'u> {
    name: Text<'u>,
    linkage_name: Text<'u>,
    size: Option<u64>,
    align: u64,
    target: Option<u64>,
    offset: u64,
    file: u64,
    line: u32,
    artificial: bool,
    count: Option<u64>,
    elsewhere: bool,
    split: bool,
}

/// Reads a unit: the parts of types of at least `least` bytes, and of closures and futures. What was read before damage
/// stands.
pub(super) fn read<'u>(
    dwarf: &Dwarf<Slice<'u>>,
    unit: &Unit<Slice<'u>>,
    start: u64,
    least: u64,
) -> RawUnit<'u> {
    let mut raw = RawUnit {
        start,
        address_size: u64::from(unit.encoding().address_size),
        ..RawUnit::default()
    };
    let mut reader = Reader {
        dwarf,
        unit,
        raw: &mut raw,
        least,
        around: Vec::new(),
        pending: Vec::new(),
    };
    if let Ok(mut entries) = unit.entries_raw(None) {
        let _damage = reader.entries(&mut entries);
    }
    reader.leave(isize::MIN);
    raw
}

struct Reader<'r, 'u> {
    dwarf: &'r Dwarf<Slice<'u>>,
    unit: &'r Unit<Slice<'u>>,
    raw: &'r mut RawUnit<'u>,
    least: u64,
    around: Vec<Around>,
    /// Members of the types around, which may have types between them.
    pending: Vec<(u32, Member<'u>)>,
}

impl<'u> Reader<'_, 'u> {
    fn entries(&mut self, entries: &mut EntriesRaw<'_, Slice<'u>>) -> Result<(), gimli::Error> {
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            self.leave(depth);
            let tag = abbreviation.tag();
            let inside = self.around.last().map(|around| around.what);
            let in_function = matches!(
                inside,
                Some(Inside::Body(_) | Inside::Function | Inside::Small)
            );
            let wanted = match tag {
                gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                    matches!(inside, Some(Inside::Body(_)))
                }
                gimli::DW_TAG_subprogram
                | gimli::DW_TAG_compile_unit
                | gimli::DW_TAG_skeleton_unit => !in_function,
                gimli::DW_TAG_namespace
                | gimli::DW_TAG_structure_type
                | gimli::DW_TAG_union_type
                | gimli::DW_TAG_enumeration_type
                | gimli::DW_TAG_member
                | gimli::DW_TAG_base_type
                | gimli::DW_TAG_pointer_type
                | gimli::DW_TAG_reference_type
                | gimli::DW_TAG_array_type
                | gimli::DW_TAG_subrange_type
                | gimli::DW_TAG_typedef
                | gimli::DW_TAG_const_type
                | gimli::DW_TAG_variant_part
                | gimli::DW_TAG_variant => !in_function,
                _ => false,
            };
            if !wanted {
                attributes::skip(entries, abbreviation)?;
                continue;
            }
            let mut attributes = Attributes::default();
            for specification in abbreviation.attributes() {
                let attribute = entries.read_attribute(*specification)?;
                self.note(&mut attributes, attribute.name(), attribute.value());
            }
            self.raw.refers_elsewhere |= attributes.elsewhere;
            self.enter(tag, offset, depth, inside, &attributes);
        }
        Ok(())
    }

    fn note(
        &self,
        attributes: &mut Attributes<'u>,
        name: gimli::DwAt,
        value: AttributeValue<Slice<'u>>,
    ) {
        let number = || value.udata_value().unwrap_or_default();
        match name {
            gimli::DW_AT_name => attributes.name = self.text(value),
            gimli::DW_AT_linkage_name => attributes.linkage_name = self.text(value),
            gimli::DW_AT_byte_size => attributes.size = value.udata_value(),
            gimli::DW_AT_alignment => attributes.align = number(),
            gimli::DW_AT_data_member_location => attributes.offset = number(),
            gimli::DW_AT_count => attributes.count = value.udata_value(),
            gimli::DW_AT_upper_bound => {
                attributes.count = value.udata_value().and_then(|last| last.checked_add(1));
            }
            gimli::DW_AT_decl_file => {
                attributes.file = match value {
                    AttributeValue::FileIndex(index) => index,
                    _ => number(),
                };
            }
            gimli::DW_AT_decl_line => {
                attributes.line = u32::try_from(number()).unwrap_or_default();
            }
            gimli::DW_AT_artificial => attributes.artificial = true,
            gimli::DW_AT_dwo_name | gimli::DW_AT_GNU_dwo_name => attributes.split = true,
            gimli::DW_AT_type => match value {
                AttributeValue::UnitRef(UnitOffset(offset)) => {
                    attributes.target = self.raw.start.checked_add(offset as u64);
                }
                AttributeValue::DebugInfoRef(offset) => {
                    attributes.target = Some(offset.0 as u64);
                    attributes.elsewhere = true;
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn text(&self, value: AttributeValue<Slice<'u>>) -> Text<'u> {
        let is_inline = matches!(value, AttributeValue::String(_));
        let bytes = match value {
            AttributeValue::DebugStrRef(offset) => {
                let strings = self.dwarf.debug_str.reader().slice();
                strings.get(offset.0..).unwrap_or_default()
            }
            value => {
                let text = self.dwarf.attr_string(self.unit, value);
                text.map(|text| text.slice()).unwrap_or_default()
            }
        };
        let bytes = &bytes[..bytes.len().min(LONGEST_NAME)];
        Text { bytes, is_inline }
    }

    fn enter(
        &mut self,
        tag: gimli::DwTag,
        offset: UnitOffset,
        depth: isize,
        inside: Option<Inside>,
        attributes: &Attributes<'u>,
    ) {
        let place = (attributes.file, attributes.line);
        let parent = match inside {
            Some(Inside::Entry(index)) => Some(index),
            _ => None,
        };
        let kind = match tag {
            gimli::DW_TAG_namespace => EntryKind::Namespace,
            gimli::DW_TAG_structure_type => EntryKind::Struct,
            gimli::DW_TAG_union_type => EntryKind::Union,
            gimli::DW_TAG_enumeration_type => EntryKind::Enumeration,
            gimli::DW_TAG_base_type => EntryKind::Base,
            gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => EntryKind::Pointer,
            gimli::DW_TAG_array_type => EntryKind::Array,
            gimli::DW_TAG_typedef | gimli::DW_TAG_const_type => EntryKind::Alias,
            gimli::DW_TAG_compile_unit | gimli::DW_TAG_skeleton_unit => {
                self.raw.is_split |= attributes.split || tag == gimli::DW_TAG_skeleton_unit;
                return;
            }
            gimli::DW_TAG_subrange_type => {
                if let (Some(array), Some(count)) = (parent, attributes.count)
                    && let Some(array) = self.raw.entries.get_mut(array as usize)
                    && array.kind == EntryKind::Array
                {
                    array.count = array.count.saturating_mul(count);
                }
                return;
            }
            gimli::DW_TAG_member => {
                let (entry, role) = match inside {
                    Some(Inside::Entry(entry)) => (entry, Role::Field),
                    Some(Inside::Variants(entry)) => (entry, Role::Tag),
                    Some(Inside::Variant(entry)) => (entry, Role::Variant),
                    _ => return,
                };
                let member = Member {
                    name: attributes.name,
                    target: attributes.target,
                    offset: attributes.offset,
                    place,
                    role: if attributes.artificial {
                        Role::Tag
                    } else {
                        role
                    },
                };
                self.pending.push((entry, member));
                return;
            }
            gimli::DW_TAG_variant_part => {
                if let Some(Inside::Entry(index)) = inside {
                    self.raw.entries[index as usize].kind = EntryKind::Variants;
                    self.around.push(Around {
                        depth,
                        what: Inside::Variants(index),
                    });
                }
                return;
            }
            gimli::DW_TAG_variant => {
                if let Some(Inside::Variants(index)) = inside {
                    self.around.push(Around {
                        depth,
                        what: Inside::Variant(index),
                    });
                }
                return;
            }
            gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                if !attributes.name.is_empty() {
                    self.raw.locals.push(Local {
                        name: attributes.name,
                        place,
                    });
                }
                return;
            }
            _ => {
                let what = if attributes.name.starts_with("{") {
                    self.raw.bodies.push(Body {
                        name: attributes.name,
                        linkage_name: attributes.linkage_name,
                        parent,
                        locals: (self.raw.locals.len() as u32, 0),
                    });
                    Inside::Body(self.raw.bodies.len() as u32 - 1)
                } else {
                    Inside::Function
                };
                self.around.push(Around { depth, what });
                return;
            }
        };
        self.raw.entries.push(Entry {
            offset: self.raw.start.saturating_add(offset.0 as u64),
            kind,
            name: attributes.name,
            parent,
            size: attributes.size,
            align: attributes.align,
            count: 1,
            target: attributes.target,
            members: (0, 0),
        });
        let composed = matches!(kind, EntryKind::Struct | EntryKind::Union);
        let is_small = attributes.size.is_none_or(|size| size < self.least);
        // A structure inside a type is one of its variants.
        let is_part = parent
            .is_some_and(|parent| self.raw.entries[parent as usize].kind != EntryKind::Namespace);
        let what = if composed && is_small && !is_part && !attributes.name.starts_with("{") {
            Inside::Small
        } else {
            Inside::Entry(self.raw.entries.len() as u32 - 1)
        };
        self.around.push(Around { depth, what });
    }

    /// Leaves every entry that does not reach to an entry of this depth.
    fn leave(&mut self, depth: isize) {
        while let Some(around) = self.around.pop_if(|around| around.depth >= depth) {
            match around.what {
                Inside::Entry(index) => {
                    let first = self
                        .pending
                        .iter()
                        .rposition(|(owner, _)| *owner != index)
                        .map_or(0, |last| last + 1);
                    let start = self.raw.members.len() as u32;
                    let own = self.pending.drain(first..).map(|(_, member)| member);
                    self.raw.members.extend(own);
                    self.raw.entries[index as usize].members =
                        (start, self.raw.members.len() as u32);
                }
                Inside::Body(index) => {
                    self.raw.bodies[index as usize].locals.1 = self.raw.locals.len() as u32;
                }
                _ => {}
            }
        }
    }
}
