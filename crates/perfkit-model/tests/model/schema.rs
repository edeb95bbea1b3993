//! The committed schemas describe the files, key by key.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Checks a document against a committed schema, as far as our schemas go, and more strictly than JSON Schema
/// does: a key that an object's schema does not name is an error.
pub(crate) fn check(schema: &str, document: &Value) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(schema);
    let root: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fits(&root, &root, document, "")
}

fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        fits(root, target, value, at)?;
    }
    for key in ["oneOf", "anyOf"] {
        let Some(options) = schema[key].as_array() else {
            continue;
        };
        let reasons: Vec<String> = options
            .iter()
            .filter_map(|option| fits(root, option, value, at).err())
            .collect();
        if reasons.len() == options.len() {
            return Err(format!("{at} fits none of: {}", reasons.join(" | ")));
        }
    }
    if let Some(constant) = schema.get("const")
        && constant != value
    {
        return Err(format!("{at} is {value} and not {constant}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err(format!("{at} is {value}, which is none of {words:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name, value)) {
        return Err(format!("{at} is {value} and no {}", types.join(" or ")));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(root, &schema["items"], item, &format!("{at}/{index}"))?;
    }
    object(root, schema, value, at)
}

fn object(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    for key in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(key.as_str().unwrap()) {
            return Err(format!("{at} lacks {key}"));
        }
    }
    for (key, value) in object {
        let inner = format!("{at}/{key}");
        match (
            schema["properties"].get(key),
            schema.get("additionalProperties"),
        ) {
            (Some(property), _) | (None, Some(property)) => fits(root, property, value, &inner)?,
            (None, None) if schema.get("properties").is_some() => {
                return Err(format!("{inner} is not in the schema"));
            }
            (None, None) => {}
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a schema has the unknown type {other}"),
    }
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/run-1.json")).unwrap()
}

#[test]
fn documents_that_differ_from_the_schema_are_found() {
    for (at, replacement, complaint) in [
        ("/quick", json!("no"), "/quick is \"no\" and no boolean"),
        (
            "/cases/0/units",
            json!({"items": 1, "pages": 2}),
            "/cases/0/units/pages is not in the schema",
        ),
        (
            "/cases/0/passes/0",
            json!({"pass": "time"}),
            "/cases/0/passes/0 lacks \"seconds\"",
        ),
        (
            "/environment/processors",
            json!(1.5),
            "/environment/processors is 1.5 and no integer",
        ),
    ] {
        let mut document = golden();
        *document.pointer_mut(at).unwrap() = replacement;
        assert_eq!(
            check("run.schema.json", &document),
            Err(complaint.to_owned())
        );
    }
    let mut document = golden();
    *document
        .pointer_mut("/cases/0/passes/0/outcome/is")
        .unwrap() = json!("lost");
    assert!(check("run.schema.json", &document).is_err());
}

#[test]
fn a_report_is_a_run_and_its_comparison() {
    let case = golden()["cases"][0]["id"].clone();
    let comparison = json!({
        "base": "baseline main",
        "head": "this run",
        "verdict": { "is": "not-judged", "reason": "the machine code is not comparable" },
        "findings": [{
            "rule": "copied-bytes-grew",
            "level": "deny",
            "case": case,
            "metric": "memcpy.bytes",
            "base": 2e6,
            "head": 48e6,
            "message": "copied bytes grew ×24, from 2.00 MB to 48.0 MB per iteration",
            "causes": [{
                "function": "ddsplit::store::reassemble",
                "is_async": true,
                "location": "src/store.rs:88",
                "ty": { "name": "Result<SuccessCode, DistriErr>", "size": 50008, "way": "annotated" },
                "base": 0.0,
                "head": 46e6,
                "share": 1.0,
                "stack": ["ddsplit::query::answer", "ddsplit::store::reassemble"]
            }],
            "remedy": "box the large variant",
            "gain": null
        }],
        "rows": [
            { "case": case, "metric": "memcpy.bytes", "base": 2e6, "head": 48e6, "judgement": { "is": "worse" }, "smallest_effect": 10001.0 },
            { "case": case, "metric": "time.wall", "base": null, "head": 6e7, "judgement": { "is": "not-judged", "reason": "shown only" }, "smallest_effect": null }
        ],
        "remarks": [],
        "context": ["rustc differs"]
    });
    let read: perfkit_model::comparison::Comparison =
        serde_json::from_value(comparison.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), comparison);
    let report = json!({ "run": golden(), "comparison": comparison });
    check("comparison.schema.json", &report).unwrap();
}
