//! Types as text that a reviewer can read in a diff: what a baseline of the lint is, and what is kept of a revision.
//!
//! Everything that finds a type again after an edit is in it: its parts by name, type and size. Lines of source are
//! not: they move with every edit. Types below [`SMALL`] have one line each.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use perfkit_model::RUN_FORMAT;
use perfkit_model::environment::Environment;
use perfkit_model::layout::{Field, TypeKind, TypeLayout, TypeTable, VariantLayout, path};
use serde::Deserialize;

use crate::failure::Failure;
use crate::store;

/// The types of a build, as they are stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StoredTypes {
    /// RFC 3339.
    pub(crate) saved: String,
    /// What built them.
    pub(crate) environment: Environment,
    /// The programs they were read from.
    pub(crate) programs: Vec<String>,
    /// The types.
    pub(crate) table: TypeTable,
}

/// Bytes of a type below which it is written in one line.
const SMALL: u64 = 64;

#[derive(Debug, Deserialize)]
struct Text {
    saved: String,
    environment: Environment,
    #[serde(default)]
    programs: Vec<String>,
    types: TextTypes,
}

#[derive(Debug, Deserialize)]
struct TextTypes {
    #[serde(default)]
    small: Vec<TextType>,
    #[serde(default)]
    large: Vec<TextType>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextType {
    name: String,
    #[serde(rename = "crate")]
    krate: Option<String>,
    #[serde(default)]
    kind: TypeKind,
    size: u64,
    #[serde(default)]
    align: u64,
    #[serde(default)]
    padding: u64,
    #[serde(default)]
    parts: Vec<String>,
}

/// Writes the types, one value per line.
pub(crate) fn write(stored: &StoredTypes) -> String {
    let mut text = String::from(
        "# Types for `cargo perfkit lint`, in bytes. `cargo perfkit lint --save-baseline` writes it.\n",
    );
    let environment = &stored.environment;
    let list = |values: &[String]| {
        let lines: Vec<String> = values
            .iter()
            .map(|value| format!("    {},\n", quoted(value)))
            .collect();
        format!("[\n{}]", lines.concat())
    };
    // Writing to a string cannot fail.
    let mut line = |key: &str, value: &str| _ = writeln!(text, "{key} = {value}");
    line("format", &RUN_FORMAT.to_string());
    line("perfkit", &quoted(env!("CARGO_PKG_VERSION")));
    line("saved", &quoted(&stored.saved));
    line("programs", &list(&stored.programs));
    line("\n[environment]\nrustc", &quoted(&environment.rustc));
    line("target", &quoted(&environment.target));
    line("build", &list(&environment.build));

    let types = stored.table.types.iter();
    let (small, large): (Vec<_>, Vec<_>) = types.partition(|layout| layout.size < SMALL);
    let lines: Vec<String> = small
        .into_iter()
        .map(|layout| format!("    {{ {} }},\n", entries(layout, Form::Line).join(", ")))
        .collect();
    let large: Vec<String> = large
        .into_iter()
        .map(|layout| {
            format!(
                "\n[[types.large]]\n{}\n",
                entries(layout, Form::Block).join("\n")
            )
        })
        .collect();
    _ = write!(
        text,
        "\n[types]\nsmall = [\n{}]\n{}",
        lines.concat(),
        large.concat()
    );
    text
}

/// How a type is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In one line.
    Line,
    /// One part per line.
    Block,
}

/// Key and value of everything there is to say of a type.
fn entries(layout: &TypeLayout, form: Form) -> Vec<String> {
    let mut entries = vec![format!("name = {}", quoted(&layout.name))];
    if crate_of(&layout.name) != layout.krate {
        entries.push(format!("crate = {}", quoted(&layout.krate)));
    }
    if layout.kind != TypeKind::default() {
        entries.push(format!("kind = {}", quoted(layout.kind.as_str())));
    }
    entries.push(format!("size = {}", layout.size));
    for (key, value) in [("align", layout.align), ("padding", layout.padding)] {
        entries.extend((value > 0).then(|| format!("{key} = {value}")));
    }
    let parts = parts(layout);
    if !parts.is_empty() {
        entries.push(match form {
            Form::Line => {
                let parts: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
                format!("parts = [{}]", parts.join(", "))
            }
            Form::Block => {
                let parts: Vec<String> = parts.iter().map(|part| indented(part)).collect();
                format!("parts = [\n{}]", parts.concat())
            }
        });
    }
    entries
}

/// What a variant has stands below it.
fn indented(part: &str) -> String {
    let is_variant = part.starts_with(VARIANT) || part.starts_with(AWAIT);
    let indent = if is_variant { "    " } else { "        " };
    format!("{indent}{},\n", quoted(part))
}

fn parts(layout: &TypeLayout) -> Vec<String> {
    let mut parts: Vec<String> = layout.fields.iter().map(part).collect();
    for variant in &layout.variants {
        let name = if layout.kind.is_future() {
            AWAIT.to_owned()
        } else {
            format!("{VARIANT}{}", variant.name)
        };
        parts.push(format!("{name} = {} of {}", variant.live, variant.end));
        parts.extend(variant.fields.iter().map(part));
    }
    parts
}

/// Begins a variant of an enum; no field's name has a blank in it.
const VARIANT: &str = "variant ";
/// Begins what lives across an await. Awaits have no numbers: one more above would change all of them.
const AWAIT: &str = "across await";

fn part(field: &Field) -> String {
    format!("{}: {} = {}", field.name, field.type_name, field.size)
}

/// Reads what [`write()`] wrote.
pub(crate) fn read(text: &str, path: &Path) -> anyhow::Result<StoredTypes> {
    let broken = || {
        Failure::new(format!("the baseline {} is damaged", path.display())).hint(
            "restore it from version control, or save it anew with `cargo perfkit lint --save-baseline`",
        )
    };
    let table: toml::Table = text.parse().with_context(broken)?;
    let format = table.get("format").and_then(toml::Value::as_integer);
    store::check_format(format.and_then(|format| u64::try_from(format).ok()), path)?;
    let text = Text::deserialize(toml::Value::Table(table)).with_context(broken)?;
    let types = text.types.small.into_iter().chain(text.types.large);
    let types: Option<Vec<TypeLayout>> = types.map(layout).collect();
    let mut table = TypeTable {
        types: types.with_context(broken)?,
    };
    table.settle();
    Ok(StoredTypes {
        saved: text.saved,
        environment: text.environment,
        programs: text.programs,
        table,
    })
}

fn layout(text: TextType) -> Option<TypeLayout> {
    let krate = text
        .krate
        .unwrap_or_else(|| crate_of(&text.name).to_owned());
    let mut layout = TypeLayout {
        name: text.name,
        krate,
        kind: text.kind,
        size: text.size,
        align: text.align,
        padding: text.padding,
        ..TypeLayout::default()
    };
    for part in &text.parts {
        let (name, size) = part.rsplit_once(" = ")?;
        let variant = name
            .strip_prefix(VARIANT)
            .or_else(|| name.strip_prefix(AWAIT));
        if let Some(variant) = variant {
            let (live, end) = size.split_once(" of ")?;
            let name = if layout.kind.is_future() {
                format!("Suspend{}", layout.variants.len())
            } else {
                variant.to_owned()
            };
            layout.variants.push(VariantLayout {
                name,
                live: live.parse().ok()?,
                end: end.parse().ok()?,
                ..VariantLayout::default()
            });
            continue;
        }
        let (name, type_name) = name.split_once(": ")?;
        let field = Field {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            size: size.parse().ok()?,
            ..Field::default()
        };
        match layout.variants.last_mut() {
            Some(variant) => variant.fields.push(field),
            None => layout.fields.push(field),
        }
    }
    Some(layout)
}

/// The crate that a path begins with: nearly always that of the type.
fn crate_of(name: &str) -> &str {
    let path = path(name);
    path.split("::").next().unwrap_or(path)
}

fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}
