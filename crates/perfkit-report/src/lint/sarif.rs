//! SARIF 2.1.0, as GitHub's code scanning takes it.
//!
//! Written with `serde_json`: what a lint needs of the format is a dozen properties, and crates of its whole schema are
//! built from it at compile time. A test reads the output with one.

use std::collections::BTreeSet;
use std::io::Write;

use perfkit_model::comparison::Level;
use perfkit_model::lint::{Lint, TypeFinding};
use serde_json::{Value, json};

use super::{Origin, hashed, sentences, shown};
use crate::{RenderError, text};

/// Results beyond this are not taken; the most important come first.
const MOST_RESULTS: usize = 25_000;
/// What code scanning shows of a message.
const LONGEST: usize = 4_000;

/// Writes the findings with a place.
///
/// # Errors
/// When the writer refuses.
pub fn render(lint: &Lint, origin: &Origin, writer: &mut impl Write) -> Result<(), RenderError> {
    let rules: BTreeSet<&str> = shown(lint)
        .map(|(finding, _)| finding.rule.as_str())
        .collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let results: Vec<Value> = shown(lint)
        .take(MOST_RESULTS)
        .map(|(finding, place)| {
            json!({
                "ruleId": finding.rule,
                "ruleIndex": rules.iter().position(|rule| *rule == finding.rule),
                "level": level(finding.level),
                "message": { "text": message(finding) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": uri(&origin.path(place)),
                            "uriBaseId": "%SRCROOT%",
                        },
                        "region": { "startLine": place.line.max(1) },
                    },
                    "logicalLocations": [{
                        "fullyQualifiedName": text::plain(&finding.type_name),
                        "kind": "type",
                    }],
                }],
                "partialFingerprints": {
                    "perfkit/v1": hashed(finding),
                    // Code scanning looks at this one. Left to it, it is made of the line's text.
                    "primaryLocationLineHash": format!("{}:1", hashed(finding)),
                },
            })
        })
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo perfkit lint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "%SRCROOT%": {
                "description": { "text": "the root of the repository" },
            }},
            "results": results,
        }],
    });
    super::json::write(&document, writer)
}

fn descriptor(rule: &str) -> Value {
    json!({
        "id": rule,
        "shortDescription": { "text": rule.replace('-', " ") },
        "help": { "text": format!("cargo perfkit explain {rule}") },
        "properties": { "tags": ["performance"] },
    })
}

fn message(finding: &TypeFinding) -> String {
    let sentences: Vec<String> = sentences(finding)
        .iter()
        .map(|words| text::plain(words))
        .collect();
    text::shortened(&sentences.join("\n"), LONGEST)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note => "note",
        Level::Allow => "none",
    }
}

/// A relative path as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
