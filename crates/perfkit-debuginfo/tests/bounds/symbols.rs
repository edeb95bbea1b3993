//! Symbols, inline frames and sizes of code.

use std::path::Path;

use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{SectionFlags, SymbolFlags, SymbolKind, SymbolScope};
use perfkit_debuginfo::code_size;
use perfkit_debuginfo::problem::Problem;
use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::part::{Module, RawStack};

use super::made::{ENDLESS, abbreviations, add, alone, elf, file, lines, number_to, unit};

/// Names of the frames at an address, and what is wrong with the file.
fn look_up(path: &Path, address: u64, bias: u64) -> (Vec<String>, Vec<Problem>) {
    let workspace = WorkspaceCrates::default();
    let mut symboliser = Symboliser::open(path, &workspace).expect("it is a binary");
    let module = Module {
        path: path.display().to_string(),
        bias,
        end: u64::MAX,
        ..Module::default()
    };
    symboliser.begin(&[module], &[]);
    let stack = RawStack {
        frames: vec![address],
        exact_leaf: true,
        ..RawStack::default()
    };
    let frames = symboliser.logical(&stack).into_iter();
    let names = frames.map(|frame| frame.name).collect();
    let problems = symboliser.problems().iter();
    let damage = problems.filter(|problem| matches!(problem, Problem::Damaged { .. }));
    (names, damage.cloned().collect())
}

fn function(object: &mut Object<'_>, name: &str, address: u64, size: u64) {
    let text = object.section_id(StandardSection::Text);
    object.add_symbol(Symbol {
        name: name.into(),
        value: address,
        size,
        kind: SymbolKind::Text,
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Section(text),
        flags: SymbolFlags::None,
    });
}

fn written(object: &Object<'_>) -> Vec<u8> {
    object.write().expect("it can be written")
}

#[test]
fn sizes_do_not_overflow() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    let mut object = elf();
    function(&mut object, "one", 0, u64::MAX);
    function(&mut object, "two", 16, u64::MAX);
    std::fs::write(&path, written(&object)).expect("there is room");
    let sizes = code_size::read(&path).expect("it is a binary");
    assert_eq!(sizes.crates["C"], u64::MAX);
}

#[test]
fn the_last_address() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    let mut object = elf();
    function(&mut object, "before", u64::MAX - 1, 0);
    function(&mut object, "last", u64::MAX, 0);
    std::fs::write(&path, written(&object)).expect("there is room");
    let (names, problems) = look_up(&path, u64::MAX - 1, 0);
    assert_eq!((names, problems.len()), (vec!["before".to_owned()], 0));
    // One below the module's own zero.
    let (names, problems) = look_up(&path, 6, 7);
    assert_eq!(
        (names, problems.len()),
        (vec!["file (no symbols)".to_owned()], 0)
    );
}

#[test]
fn a_name_of_many_symbols_is_not_copied() {
    let make = || {
        let mut object = elf();
        let name = "a".repeat(150_000);
        for index in 0..1_500 {
            function(&mut object, &name, 16 * index, 16);
        }
        written(&object)
    };
    alone(
        "symbols::a_name_of_many_symbols_is_not_copied",
        make,
        |path| {
            assert_eq!(look_up(path, 1, 0).0, ["a".repeat(150_000)]);
            let sizes = code_size::read(path).expect("it is a binary");
            assert_eq!(sizes.crates["C"], 1_500 * 16);
        },
    );
}

#[test]
fn symbols_that_stand_for_much_longer_names() {
    let make = || {
        let mut object = elf();
        for index in 0..1_000 {
            // Each `B` repeats what was there before: a megabyte in the end.
            let name = "_RYFG_FGyyEvRYFF_EvRYFFEvERLB_B_B_ERLRjB_B_B_";
            function(&mut object, name, 16 * index, 16);
        }
        written(&object)
    };
    alone(
        "symbols::symbols_that_stand_for_much_longer_names",
        make,
        |path| {
            let sizes = code_size::read(path).expect("it is a binary");
            assert_eq!(sizes.crates["C"], 1_000 * 16);
        },
    );
}

#[test]
fn compressed_sections_do_not_inflate_beyond_reason() {
    let make = || {
        let mut object = elf();
        // The header of a compressed section: zlib, two gigabytes, no alignment.
        let mut bytes = [1_u64, 2 << 30, 1].map(u64::to_le_bytes).concat();
        bytes.extend([0x78, 0x9c, 3, 0, 0, 0, 0, 1]);
        let section = add(&mut object, ".debug_str", bytes);
        object.section_mut(section).flags = SectionFlags::Elf {
            sh_type: object::elf::SHT_PROGBITS,
            sh_flags: object::elf::SHF_COMPRESSED,
        };
        written(&object)
    };
    alone(
        "symbols::compressed_sections_do_not_inflate_beyond_reason",
        make,
        |path| {
            look_up(path, 1, 0);
        },
    );
}

/// Abbreviations: a unit with code, a function with code, an inlined function, a block without end.
fn table() -> Vec<u8> {
    let start = (gimli::DW_AT_low_pc, gimli::DW_FORM_addr);
    let length = (gimli::DW_AT_high_pc, gimli::DW_FORM_data4);
    let lines = (gimli::DW_AT_stmt_list, gimli::DW_FORM_sec_offset);
    abbreviations(&[
        (gimli::DW_TAG_compile_unit, &[start, length, lines]),
        (gimli::DW_TAG_subprogram, &[start, length]),
        (gimli::DW_TAG_inlined_subroutine, &[]),
        (gimli::DW_TAG_label, &ENDLESS),
    ])
}

/// A unit and one function, both with the code from 0 to 4095, and what is in the function.
fn code(inside: &[u8]) -> Vec<u8> {
    let mut entries = Vec::new();
    for (abbreviation, lines) in [(1, &[0; 4][..]), (2, &[])] {
        number_to(&mut entries, abbreviation);
        entries.extend(0_u64.to_le_bytes());
        entries.extend(4_096_u32.to_le_bytes());
        entries.extend(lines);
    }
    entries.extend(inside);
    unit(&entries)
}

#[test]
fn deeply_inlined_functions() {
    let make = || {
        file(&[
            (".debug_abbrev", table()),
            (".debug_info", code(&[3; 200_000])),
            (".debug_line", lines(&[], std::iter::empty())),
        ])
    };
    alone("symbols::deeply_inlined_functions", make, |path| {
        assert_eq!(look_up(path, 1, 0).1.len(), 1);
    });
}

#[test]
fn many_files_in_folders_with_long_names() {
    let make = || {
        let files = (0..20_000).map(|number| (number.to_string(), 1));
        file(&[
            (".debug_abbrev", table()),
            (".debug_info", code(&[0, 0])),
            (".debug_line", lines(&[&"a".repeat(100_000)], files)),
        ])
    };
    alone(
        "symbols::many_files_in_folders_with_long_names",
        make,
        |path| {
            assert_eq!(look_up(path, 1, 0).1.len(), 1);
        },
    );
}

#[test]
fn units_share_a_table_of_lines() {
    let make = || {
        let files = (0..20_000).map(|number| (number.to_string(), 0));
        file(&[
            (".debug_abbrev", table()),
            (".debug_info", code(&[0, 0]).repeat(3_000)),
            (".debug_line", lines(&[], files)),
        ])
    };
    alone("symbols::units_share_a_table_of_lines", make, |path| {
        assert_eq!(look_up(path, 1, 0).1.len(), 1);
    });
}

#[test]
fn an_endless_block() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    let mut inside = vec![4];
    number_to(&mut inside, u64::MAX);
    let sections = [
        (".debug_abbrev", table()),
        (".debug_info", code(&inside)),
        (".debug_line", lines(&[], std::iter::empty())),
    ];
    std::fs::write(&path, file(&sections)).expect("there is room");
    assert_eq!(look_up(&path, 1, 0).1.len(), 1);
}
