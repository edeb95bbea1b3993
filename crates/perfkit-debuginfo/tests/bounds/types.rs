//! Types.

use std::path::{Path, PathBuf};

use perfkit_debuginfo::types::{self, Options};
use perfkit_model::layout::TypeLayout;

use super::made::{abbreviations, alone, file, lines, number_to, unit};

const END: u8 = 0;

fn read(path: &Path) -> Vec<TypeLayout> {
    let options = Options {
        least: 1,
        root: PathBuf::new(),
        threads: 2,
    };
    types::read(path, &options).map_or_else(|_| Vec::new(), |types| types.table.types)
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
