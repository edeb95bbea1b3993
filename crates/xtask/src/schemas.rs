//! JSON schemas of the files that other programs may read.

use perfkit_model::comparison::Comparison;
use perfkit_model::history::Entry;
use perfkit_model::lint::Lint;
use perfkit_model::run::Run;
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use crate::generate::Generated;

/// A run and what comparing it says: the file `report.json` of `cargo perfkit`.
#[derive(JsonSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; perfkit-report writes the document"
)]
struct Report {
    /// What was measured.
    run: Run,
    /// What it was compared with, and the verdict.
    comparison: Comparison,
}

/// Every schema.
///
/// # Errors
///
/// When a schema has no JSON form.
pub(crate) fn schemas() -> anyhow::Result<Vec<Generated>> {
    Ok(vec![
        Generated {
            path: "crates/perfkit-model/schema/run.schema.json",
            text: text(schema_for!(Run))?,
        },
        Generated {
            path: "crates/perfkit-model/schema/comparison.schema.json",
            text: text(schema_for!(Report))?,
        },
        Generated {
            path: "crates/perfkit-model/schema/lint.schema.json",
            text: text(schema_for!(Lint))?,
        },
        Generated {
            path: "crates/perfkit-model/schema/history.schema.json",
            text: text(schema_for!(Entry))?,
        },
    ])
}

fn text(schema: Schema) -> anyhow::Result<String> {
    let mut schema = Value::from(schema);
    mend_descriptions(&mut schema);
    Ok(format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

/// Descriptions are doc comments. Their links to Rust items mean nothing to readers of a schema, so
/// ``[`crate::RUN_FORMAT`]`` becomes `` `RUN_FORMAT` ``.
fn mend_descriptions(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => *text = without_links(text),
                    value => mend_descriptions(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mend_descriptions),
        _ => {}
    }
}

fn without_links(text: &str) -> String {
    let mut pieces = text.split("[`");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once("`]") {
            Some((path, rest)) => {
                let item = path.rsplit("::").next().unwrap_or(path);
                plain.push_str(&format!("`{item}`{rest}"));
            }
            None => {
                plain.push_str("[`");
                plain.push_str(piece);
            }
        }
    }
    plain
}
