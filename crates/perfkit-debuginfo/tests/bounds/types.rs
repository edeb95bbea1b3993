//! Types.

use std::path::{Path, PathBuf};

use perfkit_debuginfo::types::{self, Options};
use perfkit_model::layout::TypeLayout;

use super::made::{ENDLESS, abbreviations, alone, file, lines, number_to, unit};

fn read(path: &Path) -> Vec<TypeLayout> {
    let options = Options {
        least: 1,
        root: PathBuf::new(),
        threads: 2,
    };
    types::read(path, &options).map_or_else(|_| Vec::new(), |types| types.table.types)
}

const UNIT: u8 = 1;
const MODULE: u8 = 2;
const STRUCTURE: u8 = 3;
const MEMBER: u8 = 4;
const BASE: u8 = 5;
const PART: u8 = 6;
const VARIANT: u8 = 7;
const BODY: u8 = 8;
const BLOCK: u8 = 9;
const METHOD: u8 = 10;
const END: u8 = 0;

/// Abbreviations by the constants above.
fn table() -> Vec<u8> {
    let name = (gimli::DW_AT_name, gimli::DW_FORM_strp);
    let symbol = (gimli::DW_AT_linkage_name, gimli::DW_FORM_strp);
    let size = (gimli::DW_AT_byte_size, gimli::DW_FORM_data1);
    let ty = (gimli::DW_AT_type, gimli::DW_FORM_ref4);
    abbreviations(&[
        (
            gimli::DW_TAG_compile_unit,
            &[(gimli::DW_AT_stmt_list, gimli::DW_FORM_sec_offset)],
        ),
        (gimli::DW_TAG_namespace, &[]),
        (gimli::DW_TAG_structure_type, &[name, size]),
        (gimli::DW_TAG_member, &[name, ty]),
        (gimli::DW_TAG_base_type, &[name, size]),
        (gimli::DW_TAG_variant_part, &[]),
        (gimli::DW_TAG_variant, &[]),
        (gimli::DW_TAG_subprogram, &[name]),
        (gimli::DW_TAG_namespace, &[name]),
        (gimli::DW_TAG_subprogram, &[name, symbol]),
    ])
}

/// Entries of a unit, with the offsets of those that others refer to.
struct Entries(Vec<u8>);

impl Entries {
    fn new() -> Self {
        // The unit itself, with the line program at 0.
        Self(vec![UNIT, 0, 0, 0, 0])
    }

    /// Adds an entry with a name at this offset of `.debug_str`; returns its place in the unit.
    fn named(&mut self, abbreviation: u8, name: u32) -> u32 {
        // A unit's header has 11 bytes.
        let at = self.0.len() as u32 + 11;
        self.0.push(abbreviation);
        self.0.extend(name.to_le_bytes());
        at
    }

    fn sized(&mut self, abbreviation: u8, name: u32, size: u8) -> u32 {
        let at = self.named(abbreviation, name);
        self.0.push(size);
        at
    }

    fn member(&mut self, name: u32, ty: u32) {
        self.named(MEMBER, name);
        self.0.extend(ty.to_le_bytes());
        self.0.push(END);
    }

    fn file(self, strings: Vec<u8>) -> Vec<u8> {
        file(&[
            (".debug_abbrev", table()),
            (".debug_info", unit(&self.0)),
            (".debug_line", lines(&[], std::iter::empty())),
            (".debug_str", strings),
        ])
    }
}

#[test]
fn a_long_name_is_not_repeated_for_each_member() {
    let make = || {
        let mut entries = Entries::new();
        let long = entries.sized(STRUCTURE, 0, 8);
        entries.0.push(END);
        entries.sized(STRUCTURE, 0, 200);
        for _ in 0..20_000 {
            entries.member(0, long);
        }
        entries.file([vec![b'a'; 60_000], vec![0]].concat())
    };
    alone(
        "types::a_long_name_is_not_repeated_for_each_member",
        make,
        |path| {
            let types = read(path);
            assert_eq!(types.len(), 2);
            assert!(types[1].fields.len() < 2_000);
        },
    );
}

#[test]
fn variants_do_not_share_their_fields() {
    let make = || {
        let mut entries = Entries::new();
        let byte = entries.sized(BASE, 0, 1);
        entries.0.push(END);
        entries.sized(STRUCTURE, 0, 200);
        let fields = entries.sized(STRUCTURE, 0, 200);
        for _ in 0..5_000 {
            entries.member(0, byte);
        }
        entries.0.extend([END, PART]);
        for _ in 0..5_000 {
            entries.0.push(VARIANT);
            entries.member(0, fields);
            entries.0.push(END);
        }
        entries.file(b"name\0".to_vec())
    };
    alone("types::variants_do_not_share_their_fields", make, |path| {
        let types = read(path);
        let variants = types.iter().flat_map(|ty| &ty.variants);
        let fields: usize = variants.map(|variant| variant.fields.len()).sum();
        // Fields that are alike are one.
        assert_eq!(
            (types.len(), types[0].variants.len(), fields),
            (1, 5_000, 1)
        );
    });
}

#[test]
fn deep_modules_around_many_closures() {
    let make = || {
        let mut entries = Entries::new();
        entries.0.extend([MODULE; 100_000]);
        for _ in 0..60_000 {
            entries.named(BODY, 0);
            entries.0.push(END);
        }
        entries.file(b"{closure#0}\0".to_vec())
    };
    alone("types::deep_modules_around_many_closures", make, |path| {
        assert!(read(path).is_empty());
    });
}

#[test]
fn an_implementor_is_not_repeated_in_one_name() {
    let make = || {
        let mut entries = Entries::new();
        let block = "{impl#0}\0{closure#0}\0";
        // The symbol of a function in a block for a type with a long name.
        let symbol = format!("_RNvMC1aNtB2_60000{}1f\0", "b".repeat(60_000));
        entries.named(BLOCK, 0);
        entries.named(METHOD, 9);
        entries.0.extend((block.len() as u32).to_le_bytes());
        entries.0.extend([END, END]);
        entries.sized(STRUCTURE, (block.len() + symbol.len()) as u32, 8);
        let name = format!("A<{}>\0", "{impl#0}::C, ".repeat(4_000));
        entries.file([block, &symbol, &name].concat().into_bytes())
    };
    alone(
        "types::an_implementor_is_not_repeated_in_one_name",
        make,
        |path| {
            assert_eq!(read(path).len(), 1);
        },
    );
}

#[test]
fn units_share_their_tables() {
    let make = || {
        // As many abbreviations as there are sets of these attributes.
        let attributes = [
            gimli::DW_AT_accessibility,
            gimli::DW_AT_address_class,
            gimli::DW_AT_artificial,
            gimli::DW_AT_bit_size,
            gimli::DW_AT_calling_convention,
            gimli::DW_AT_common_reference,
            gimli::DW_AT_const_value,
            gimli::DW_AT_decl_column,
            gimli::DW_AT_declaration,
            gimli::DW_AT_encoding,
            gimli::DW_AT_external,
            gimli::DW_AT_inline,
        ];
        let sets: Vec<Vec<_>> = (0..1_usize << attributes.len())
            .map(|set| {
                let own = attributes.iter().enumerate();
                own.filter(|(bit, _)| set >> bit & 1 == 1)
                    .map(|(_, attribute)| (*attribute, gimli::DW_FORM_data1))
                    .collect()
            })
            .collect();
        let mut rows: Vec<(_, &[_])> = vec![
            (
                gimli::DW_TAG_compile_unit,
                &[(gimli::DW_AT_stmt_list, gimli::DW_FORM_sec_offset)],
            ),
            (
                gimli::DW_TAG_structure_type,
                &[(gimli::DW_AT_byte_size, gimli::DW_FORM_data1)],
            ),
        ];
        rows.extend(sets.iter().map(|set| (gimli::DW_TAG_label, set.as_slice())));
        let mut entries = vec![1, 0, 0, 0, 0];
        number_to(&mut entries, 2);
        entries.extend([8, END, END]);
        let files = (0..4_000).map(|number| (format!("{number}.rs"), 0));
        file(&[
            (".debug_abbrev", abbreviations(&rows)),
            (".debug_info", unit(&entries).repeat(15_000)),
            (".debug_line", lines(&[], files)),
        ])
    };
    alone("types::units_share_their_tables", make, |path| {
        assert_eq!(read(path).len(), 1);
    });
}

#[test]
fn an_endless_block() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    let size: &[_] = &[(gimli::DW_AT_byte_size, gimli::DW_FORM_data1)];
    let rows = [
        (gimli::DW_TAG_compile_unit, &[][..]),
        (gimli::DW_TAG_structure_type, size),
        (gimli::DW_TAG_label, &ENDLESS),
    ];
    let mut entries = vec![1, 2, 8, END, 3];
    number_to(&mut entries, u64::MAX);
    let sections = [
        (".debug_abbrev", abbreviations(&rows)),
        (".debug_info", unit(&entries)),
    ];
    std::fs::write(&path, file(&sections)).expect("there is room");
    // What comes before it was read.
    assert_eq!(read(&path).len(), 1);
}
