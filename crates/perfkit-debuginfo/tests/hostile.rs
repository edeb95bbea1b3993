//! Debug info that no compiler writes: cycles, impossible sizes, endless names. Each gives an answer or an error, soon
//! and without a panic. Random damage to real files is in `types.rs`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gimli::write::{AttributeValue, DwarfUnit, EndianVec, Sections, UnitEntryId};
use gimli::{DwAt, DwTag, Encoding, Format, LittleEndian};
use object::write::{Object, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, SectionKind};
use perfkit_debuginfo::types::{self, Options, Types};

/// No file here has more than a few thousand entries.
const SOON: Duration = Duration::from_secs(20);

/// Debug info of one unit.
struct Unit(DwarfUnit);

impl Unit {
    fn new() -> Self {
        Self(DwarfUnit::new(Encoding {
            format: Format::Dwarf32,
            version: 4,
            address_size: 8,
        }))
    }

    fn root(&self) -> UnitEntryId {
        self.0.unit.root()
    }

    fn entry(&mut self, parent: UnitEntryId, tag: DwTag, name: &str) -> UnitEntryId {
        let name = self.0.strings.add(name);
        let id = self.0.unit.add(parent, tag);
        self.set(id, gimli::DW_AT_name, AttributeValue::StringRef(name));
        id
    }

    fn set(&mut self, id: UnitEntryId, attribute: DwAt, value: AttributeValue) {
        self.0.unit.get_mut(id).set(attribute, value);
    }

    fn structure(&mut self, parent: UnitEntryId, name: &str, size: u64) -> UnitEntryId {
        let id = self.entry(parent, gimli::DW_TAG_structure_type, name);
        self.set(id, gimli::DW_AT_byte_size, AttributeValue::Udata(size));
        id
    }

    fn member(&mut self, parent: UnitEntryId, name: &str, ty: UnitEntryId, offset: u64) {
        let id = self.entry(parent, gimli::DW_TAG_member, name);
        self.set(id, gimli::DW_AT_type, AttributeValue::UnitRef(ty));
        self.set(
            id,
            gimli::DW_AT_data_member_location,
            AttributeValue::Udata(offset),
        );
    }

    fn array(&mut self, of: Option<UnitEntryId>, count: u64) -> UnitEntryId {
        let root = self.root();
        let id = self.0.unit.add(root, gimli::DW_TAG_array_type);
        self.set(
            id,
            gimli::DW_AT_type,
            AttributeValue::UnitRef(of.unwrap_or(id)),
        );
        let range = self.0.unit.add(id, gimli::DW_TAG_subrange_type);
        self.set(range, gimli::DW_AT_count, AttributeValue::Udata(count));
        id
    }

    /// Reads it back, from a file.
    fn types(mut self) -> Result<Types, types::ReadError> {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        self.0.write(&mut sections).expect("it can be written");
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        sections
            .for_each(|id, data| {
                let segment = object.segment_name(StandardSegment::Debug).to_vec();
                let section = object.add_section(segment, id.name().into(), SectionKind::Debug);
                object.set_section_data(section, data.slice().to_vec(), 1);
                Ok::<_, gimli::write::Error>(())
            })
            .expect("sections can be copied");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("hostile");
        std::fs::write(&path, object.write().expect("it can be written")).expect("there is room");
        let start = Instant::now();
        let types = read(&path);
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        types
    }
}

fn read(path: &Path) -> Result<Types, types::ReadError> {
    let options = Options {
        least: 1,
        root: PathBuf::new(),
        threads: 2,
    };
    types::read(path, &options)
}

/// The types as `name size: field size, …`.
fn told(unit: Unit) -> Vec<String> {
    let table = unit.types().expect("it has types").table;
    let told = table.types.iter().map(|ty| {
        let fields = ty.fields.iter();
        let fields: Vec<String> = fields
            .map(|field| format!("{} {}", field.name, field.size))
            .collect();
        let name: String = ty.name.chars().take(40).collect();
        format!("{name} {}: {}", ty.size, fields.join(", "))
    });
    told.collect()
}

#[test]
fn cycles_end() {
    let mut unit = Unit::new();
    let root = unit.root();
    let alias = unit.entry(root, gimli::DW_TAG_typedef, "Endless");
    unit.set(alias, gimli::DW_AT_type, AttributeValue::UnitRef(alias));
    let endless_array = unit.array(None, 2);
    let own = unit.structure(root, "Own", 64);
    unit.member(own, "own", own, 0);
    unit.member(own, "alias", alias, 8);
    unit.member(own, "array", endless_array, 16);
    // What has no size is no field.
    assert_eq!(told(unit), ["Own 64: own 64"]);
}

#[test]
fn impossible_sizes_do_not_overflow() {
    let mut unit = Unit::new();
    let root = unit.root();
    let byte = unit.entry(root, gimli::DW_TAG_base_type, "u8");
    unit.set(byte, gimli::DW_AT_byte_size, AttributeValue::Udata(1));
    let many = unit.array(Some(byte), u64::MAX);
    let more = unit.array(Some(many), u64::MAX);
    let huge = unit.structure(root, "Huge", u64::MAX);
    unit.member(huge, "many", many, u64::MAX);
    unit.member(huge, "more", more, 8);
    unit.member(huge, "byte", byte, u64::MAX);
    let most = u64::MAX;
    assert_eq!(told(unit), [format!("Huge {most}: many {most}, byte 1")]);
}

#[test]
fn many_variants_and_fields() {
    let mut unit = Unit::new();
    let root = unit.root();
    let byte = unit.entry(root, gimli::DW_TAG_base_type, "u8");
    unit.set(byte, gimli::DW_AT_byte_size, AttributeValue::Udata(1));
    let future = unit.structure(root, "{async_fn_env#0}", 128);
    let part = unit.0.unit.add(future, gimli::DW_TAG_variant_part);
    for number in 0..2_000 {
        let variant = unit.0.unit.add(part, gimli::DW_TAG_variant);
        // Every other one names the future itself as its fields.
        let held = unit.structure(future, &format!("Suspend{number}"), 128);
        for field in 0..4 {
            unit.member(held, &format!("local{field}"), byte, field);
        }
        unit.member(variant, "0", if number % 2 == 0 { held } else { future }, 0);
    }
    let table = unit.types().expect("it has types").table;
    assert_eq!(table.types.len(), 1);
    assert_eq!(table.types[0].variants.len(), 1_000);
    assert_eq!(table.types[0].variants[0].live, 4);
}

#[test]
fn deep_modules_and_endless_names() {
    let mut unit = Unit::new();
    let mut module = unit.root();
    for _ in 0..1_000 {
        module = unit.entry(module, gimli::DW_TAG_namespace, "deep");
    }
    unit.structure(module, "Deep", 8);
    let root = unit.root();
    unit.structure(root, &"A<".repeat(50_000), 8);
    unit.structure(
        root,
        &format!("{}u8{}", "B<".repeat(50_000), ">".repeat(50_000)),
        8,
    );
    unit.structure(root, &"C::".repeat(100_000), 8);
    unit.structure(root, &"{impl#0}::".repeat(10_000), 8);
    unit.structure(root, &"(".repeat(100_000), 8);
    unit.structure(root, "\u{202e}hidden", 8);
    assert_eq!(told(unit).len(), 7);
}

#[test]
fn nothing_at_all() {
    let unit = Unit::new();
    assert!(matches!(
        unit.types(),
        Err(types::ReadError::NoTypes { .. })
    ));
}
