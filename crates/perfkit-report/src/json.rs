//! The run and its comparison as JSON, for programs.
//!
//! Stacks are not part of it: they live in a file of their own, and `folded` and `pprof` export them.

use std::io::Write;

use perfkit_model::comparison::Comparison;
use perfkit_model::run::Run;
use serde::Serialize;

use crate::{RenderError, View, text};

#[derive(Serialize)]
struct Document<'a> {
    run: &'a Run,
    comparison: &'a Comparison,
}

/// Writes pretty JSON: `{ "run": …, "comparison": … }`.
///
/// Characters that are invisible or turn the reading direction are written as `\u` escapes, which every
/// JSON reader turns back.
///
/// # Errors
///
/// When the data has no JSON form or the writer refuses.
pub fn render(view: &View<'_>, writer: &mut impl Write) -> Result<(), RenderError> {
    let document = Document {
        run: view.run,
        comparison: view.comparison,
    };
    let json = serde_json::to_string_pretty(&document)?;
    // Line breaks are JSON's own here; those inside strings are escaped already.
    writer.write_all(
        escaped(&json, |character| {
            character != '\n' && text::misleads(character)
        })
        .as_bytes(),
    )?;
    writer.write_all(b"\n")?;
    Ok(())
}

/// Replaces characters that can only stand inside a JSON string by their `\u` escapes.
pub(crate) fn escaped(json: &str, is_unsafe: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(character);
        }
    }
    safe
}
