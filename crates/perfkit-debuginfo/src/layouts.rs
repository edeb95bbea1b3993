//! Layouts of enums: which variant makes a type as large as it is.
//!
//! rustc describes an enum as a structure with a variant part, and gives every variant's structure the size
//! of the whole enum. How much of it a variant uses is where the last of its fields ends.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gimli::{
    AttributeValue, DebuggingInformationEntry, Dwarf, EndianSlice, RunTimeEndian, SectionId, Unit,
    UnitHeader, UnitOffset,
};
use perfkit_model::run::{EnumLayout, Variant};

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;
type Entry<'a> = DebuggingInformationEntry<Slice<'a>>;

/// Arrays of arrays of wrappers: real types are a few levels deep, cyclic ones are damage.
const DEEPEST_TYPE: usize = 24;

/// Entries read below one type. Enums have hundreds of variants at most; beyond that lies damage.
const MOST_ENTRIES: usize = 20_000;

/// Every enum whose name without modules and generics is wanted, ascending by name. Damaged units are left out.
pub(crate) fn enums<'a>(
    dwarf: &Dwarf<Slice<'a>>,
    headers: &[UnitHeader<Slice<'a>>],
    section: impl Fn(SectionId) -> &'a [u8],
    names: &BTreeSet<String>,
) -> Vec<EnumLayout> {
    let names: BTreeSet<&[u8]> = names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| name.as_bytes())
        .collect();
    let (info, strings) = (section(SectionId::DebugInfo), section(SectionId::DebugStr));
    let filter = Filter::new(strings, &names);
    let mut found: BTreeMap<(String, u64), EnumLayout> = BTreeMap::new();
    for header in headers {
        let start = header.debug_info_offset().map_or(0, |offset| offset.0);
        let end = start.saturating_add(header.length_including_self());
        let bytes = info.get(start..end.min(info.len())).unwrap_or_default();
        // Strings behind an index are not found by their offset.
        if header.version() < 5 && !filter.may_mention(bytes) {
            continue;
        }
        let Ok(unit) = dwarf.unit(*header) else {
            continue;
        };
        let reader = Reader { dwarf, unit: &unit };
        // What was read before the damage stands.
        let _damage = reader.scan(&names, |layout| {
            found
                .entry((layout.name.clone(), layout.size))
                .or_insert(layout);
        });
    }
    found.into_values().collect()
}

/// Tells units that cannot mention a wanted name, from bytes alone.
///
/// PERF: most units hold no wanted name, and parsing a unit costs far more than looking for a few offsets in it.
struct Filter {
    offsets: HashSet<u32>,
    /// One bit per low half of an offset.
    low: Vec<bool>,
}

impl Filter {
    fn new(strings: &[u8], names: &BTreeSet<&[u8]>) -> Self {
        let mut offsets = HashSet::new();
        let mut low = vec![false; 1 << 16];
        for name in names {
            let Some((first, rest)) = name.split_first() else {
                continue;
            };
            for (at, byte) in strings.iter().enumerate() {
                // Linkers let a string share the end of a longer one, so it may start anywhere.
                if byte == first
                    && strings[at + 1..].starts_with(rest)
                    && matches!(strings.get(at + name.len()), Some(0 | b'<'))
                    && let Ok(offset) = u32::try_from(at)
                {
                    offsets.insert(offset);
                    low[(offset & 0xffff) as usize] = true;
                }
            }
        }
        Self { offsets, low }
    }

    fn may_mention(&self, unit: &[u8]) -> bool {
        let is_offset = |bytes: [u8; 4]| {
            let little = u32::from_le_bytes(bytes);
            let is = |offset: u32| {
                self.low[(offset & 0xffff) as usize] && self.offsets.contains(&offset)
            };
            is(little) || is(little.swap_bytes())
        };
        unit.windows(4)
            .any(|bytes| bytes.try_into().is_ok_and(is_offset))
    }
}

/// Reads types of one unit.
struct Reader<'r, 'a> {
    dwarf: &'r Dwarf<Slice<'a>>,
    unit: &'r Unit<Slice<'a>>,
}

impl<'a> Reader<'_, 'a> {
    /// Hands every wanted enum to `each`.
    fn scan(
        &self,
        names: &BTreeSet<&[u8]>,
        mut each: impl FnMut(EnumLayout),
    ) -> Result<(), gimli::Error> {
        let mut entries = self.unit.entries_raw(None)?;
        // Modules and types around the entry, with their depth.
        let mut around: Vec<(isize, Slice<'a>)> = Vec::new();
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            let tag = abbreviation.tag();
            let is_type = matches!(
                tag,
                gimli::DW_TAG_structure_type | gimli::DW_TAG_enumeration_type
            );
            if !is_type && tag != gimli::DW_TAG_namespace {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            while around.last().is_some_and(|(outer, _)| *outer >= depth) {
                around.pop();
            }
            let mut name = None;
            for specification in abbreviation.attributes() {
                let attribute = entries.read_attribute(*specification)?;
                if attribute.name() == gimli::DW_AT_name {
                    name = self.dwarf.attr_string(self.unit, attribute.value()).ok();
                }
            }
            let Some(name) = name else { continue };
            if is_type && names.contains(simple(&name)) {
                let path = around
                    .iter()
                    .map(|(_, outer)| outer.to_string_lossy())
                    .chain([name.to_string_lossy()])
                    .collect::<Vec<_>>()
                    .join("::");
                if let Some(layout) = self.layout(offset, path) {
                    each(layout);
                }
            }
            around.push((depth, name));
        }
        Ok(())
    }

    /// `None` where the entry is no enum.
    fn layout(&self, offset: UnitOffset, name: String) -> Option<EnumLayout> {
        let size = size(&self.unit.entry(offset).ok()?)?;
        let mut variants = Vec::new();
        let mut is_enum = false;
        // Depth of the variant that is being read: other members at its depth are the tag.
        let mut variant = None;
        self.below(offset, |depth, entry| {
            let tag = entry.tag();
            is_enum |= matches!(tag, gimli::DW_TAG_variant_part | gimli::DW_TAG_enumerator);
            if variant.is_some_and(|outer| depth <= outer) {
                variant = None;
            }
            match tag {
                gimli::DW_TAG_variant if depth == 2 => variant = Some(depth),
                gimli::DW_TAG_enumerator if depth == 1 => {
                    variants.extend(self.name(entry).map(|name| Variant { name, size: 0 }));
                }
                gimli::DW_TAG_member if variant == Some(depth - 1) => {
                    let extent = reference(entry).and_then(|ty| self.extent(ty));
                    let named = self.name(entry);
                    variants.extend(named.zip(extent).map(|(name, extent)| Variant {
                        name,
                        size: extent.min(size),
                    }));
                }
                _ => {}
            }
        });
        if !is_enum {
            return None;
        }
        variants.sort_by(|left, right| {
            (right.size.cmp(&left.size)).then_with(|| left.name.cmp(&right.name))
        });
        Some(EnumLayout {
            name,
            size,
            variants,
        })
    }

    /// Where the last field of a variant's structure ends.
    fn extent(&self, structure: UnitOffset) -> Option<u64> {
        let mut end = 0;
        let mut known = true;
        self.below(structure, |depth, entry| {
            if depth != 1 || entry.tag() != gimli::DW_TAG_member {
                return;
            }
            let at = number(entry, gimli::DW_AT_data_member_location).unwrap_or(0);
            match reference(entry).and_then(|ty| self.size_of(ty)) {
                Some(size) => end = u64::max(end, at.saturating_add(size)),
                None => known = false,
            }
        });
        known.then_some(end)
    }

    fn size_of(&self, ty: UnitOffset) -> Option<u64> {
        // Several dimensions multiply; so do arrays of arrays.
        let mut factor: u64 = 1;
        let mut at = ty;
        for _ in 0..DEEPEST_TYPE {
            let entry = self.unit.entry(at).ok()?;
            if let Some(size) = size(&entry) {
                return size.checked_mul(factor);
            }
            match entry.tag() {
                gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => {
                    return u64::from(self.unit.encoding().address_size).checked_mul(factor);
                }
                gimli::DW_TAG_array_type => {
                    let mut count = None;
                    self.below(at, |depth, entry| {
                        if depth == 1 && entry.tag() == gimli::DW_TAG_subrange_type {
                            count =
                                elements(entry).map(|own| own.saturating_mul(count.unwrap_or(1)));
                        }
                    });
                    factor = factor.checked_mul(count?)?;
                }
                _ => {}
            }
            at = reference(&entry)?;
        }
        None
    }

    /// Hands the entries below one to `each` with their depth, 1 for its children; as far as they are readable.
    fn below(&self, offset: UnitOffset, mut each: impl FnMut(isize, &Entry<'a>)) {
        let Ok(mut entries) = self.unit.entries_at_offset(offset) else {
            return;
        };
        for read in 0..MOST_ENTRIES {
            match entries.next_dfs() {
                Ok(Some(entry)) if read == 0 && !entry.has_children() => return,
                Ok(Some(_)) if read == 0 => {}
                Ok(Some(entry)) if entry.depth() > 0 => each(entry.depth(), entry),
                _ => return,
            }
        }
    }

    fn name(&self, entry: &Entry<'a>) -> Option<String> {
        let name = entry.attr_value(gimli::DW_AT_name)?;
        let name = self.dwarf.attr_string(self.unit, name).ok()?;
        Some(name.to_string_lossy().into_owned())
    }
}

/// The name without generics: units name types without their modules.
fn simple<'a>(name: &Slice<'a>) -> &'a [u8] {
    let name = name.slice();
    let end = name.iter().position(|byte| *byte == b'<');
    &name[..end.unwrap_or(name.len())]
}

fn size(entry: &Entry<'_>) -> Option<u64> {
    number(entry, gimli::DW_AT_byte_size)
}

fn number(entry: &Entry<'_>, name: gimli::DwAt) -> Option<u64> {
    entry.attr_value(name)?.udata_value()
}

fn elements(subrange: &Entry<'_>) -> Option<u64> {
    number(subrange, gimli::DW_AT_count)
        .or_else(|| number(subrange, gimli::DW_AT_upper_bound)?.checked_add(1))
}

fn reference(entry: &Entry<'_>) -> Option<UnitOffset> {
    match entry.attr_value(gimli::DW_AT_type)? {
        AttributeValue::UnitRef(offset) => Some(offset),
        _ => None,
    }
}
