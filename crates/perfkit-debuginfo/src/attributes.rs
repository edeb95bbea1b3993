//! Passing over attributes that nobody asks for.

use gimli::{Abbreviation, AttributeSpecification, EndianSlice, EntriesRaw, RunTimeEndian};

/// Passes over all attributes of an entry.
///
/// gimli adds lengths up before it skips, and the sum overflows where a block claims to have nearly 2^64 bytes. So each
/// block is skipped before the next length is added.
pub(crate) fn skip(
    entries: &mut EntriesRaw<'_, EndianSlice<'_, RunTimeEndian>>,
    abbreviation: &Abbreviation,
) -> Result<(), gimli::Error> {
    let mut parts = abbreviation.attributes().split_inclusive(may_be_a_block);
    parts.try_for_each(|part| entries.skip_attributes(part))
}

fn may_be_a_block(attribute: &AttributeSpecification) -> bool {
    matches!(
        attribute.form(),
        gimli::DW_FORM_block | gimli::DW_FORM_exprloc | gimli::DW_FORM_indirect
    )
}
