//! A code quality report of GitLab.

use std::io::Write;

use perfkit_model::comparison::Level;
use perfkit_model::lint::Lint;
use serde_json::{Value, json};

use super::{Origin, hashed, sentences, shown};
use crate::{RenderError, text};

/// Characters of one description.
const LONGEST: usize = 2_000;

/// Writes the findings with a place.
///
/// # Errors
/// When the writer refuses.
pub fn render(lint: &Lint, origin: &Origin, writer: &mut impl Write) -> Result<(), RenderError> {
    let issues: Vec<Value> = shown(lint)
        .map(|(finding, place)| {
            let sentences: Vec<String> = sentences(finding)
                .iter()
                .map(|words| text::plain(words))
                .collect();
            json!({
                "description": text::shortened(&sentences.join("; "), LONGEST),
                "check_name": finding.rule,
                "fingerprint": hashed(finding),
                "severity": severity(finding.level),
                "location": {
                    "path": origin.path(place),
                    "lines": { "begin": place.line.max(1) },
                },
            })
        })
        .collect();
    super::json::write(&Value::Array(issues), writer)
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Deny => "major",
        Level::Warn => "minor",
        Level::Note | Level::Allow => "info",
    }
}
