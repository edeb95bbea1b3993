//! Everything, for programs.

use std::io::Write;

use perfkit_model::lint::Lint;

use crate::json::escaped;
use crate::{RenderError, text};

/// Writes pretty JSON, after `lint.schema.json`.
///
/// # Errors
/// When the data has no JSON form or the writer refuses.
pub fn render(lint: &Lint, writer: &mut impl Write) -> Result<(), RenderError> {
    write(&serde_json::to_value(lint)?, writer)
}

/// Writes a document; invisible characters become escapes.
pub(super) fn write(
    document: &serde_json::Value,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let json = serde_json::to_string_pretty(document)?;
    let json = escaped(&json, |character| {
        character != '\n' && text::misleads(character)
    });
    writer.write_all(json.as_bytes())?;
    writer.write_all(b"\n")?;
    Ok(())
}
