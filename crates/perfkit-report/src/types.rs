//! Types and futures: a table of the largest, and the anatomy of one.

use std::collections::BTreeMap;
use std::io::Write;

use perfkit_model::layout::{
    AWAITED, Field, HeldTwice, Outlier, Part, Place, Step, TypeKind, TypeLayout, VariantLayout,
    with_short_arguments,
};
use perfkit_model::quantity::grouped;
use perfkit_model::short_name::short_name;
use serde::Serialize;

use crate::RenderError;
use crate::terminal::Options;
use crate::terminal::layout::{Cell, Page, Tone};
use crate::text::plain;

/// What is shown of the types of a workspace.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TypesView {
    /// Largest first.
    pub types: Vec<TypeView>,
    /// Types that were left out because there is a limit.
    pub left_out: usize,
    /// The binaries they were read from.
    pub binaries: Vec<BinaryView>,
}

/// A type and what explains its size.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TypeView {
    /// The type.
    #[serde(flatten)]
    pub layout: TypeLayout,
    /// From the type down to what carries its size.
    pub chain: Vec<Step>,
    /// For an enum with one variant much larger than the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier: Option<Outlier>,
    /// Arguments that a future has room for twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_twice: Vec<HeldTwice>,
}

/// A binary and its code.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BinaryView {
    /// Name of its target.
    pub name: String,
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of its code.
    pub code: u64,
    /// Bytes of code by crate.
    pub crates: BTreeMap<String, u64>,
}

/// Crates that are named in the line of a binary.
const CRATES_SHOWN: usize = 6;

/// Writes the view as JSON.
///
/// # Errors
/// When the writer refuses.
pub fn json(view: &TypesView, writer: &mut impl Write) -> Result<(), RenderError> {
    serde_json::to_writer_pretty(&mut *writer, view)?;
    writer.write_all(b"\n")?;
    Ok(())
}

/// Writes one line per type, with what carries its size.
///
/// # Errors
/// When the writer refuses.
pub fn table(
    view: &TypesView,
    options: &Options,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let mut page = Page::new(options);
    let titles = titles(view);
    let widest = |texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let sizes = widest(&mut view.types.iter().map(|ty| bytes(ty.layout.size))).max("size".len());
    let padding = widest(&mut view.types.iter().map(padding)).max("padding".len());
    let heading = format!("{:>sizes$}   {:>padding$}   type", "size", "padding");
    let heading = page.paint(Tone::Faint, &heading);
    page.line(&heading);
    for (ty, title) in view.types.iter().zip(&titles) {
        let size = bytes(ty.layout.size);
        page.line(&format!(
            "{size:>sizes$}   {:>padding$}   {title}",
            self::padding(ty)
        ));
        if let Some(reason) = chain_words(&ty.chain) {
            page.labelled("", sizes + padding + 8, &reason);
        }
    }
    if view.left_out > 0 {
        page.gap();
        page.line(&format!("and {} smaller", view.left_out));
    }
    binaries(&mut page, view);
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}

/// Writes all parts of each type.
///
/// # Errors
/// When the writer refuses.
pub fn trees(
    view: &TypesView,
    options: &Options,
    writer: &mut impl Write,
) -> Result<(), RenderError> {
    let mut page = Page::new(options);
    for (ty, title) in view.types.iter().zip(titles(view)) {
        page.gap();
        tree(&mut page, ty, &title);
    }
    if view.left_out > 0 {
        page.gap();
        page.line(&format!("and {} smaller", view.left_out));
    }
    writer.write_all(page.text().as_bytes())?;
    Ok(())
}

fn tree(page: &mut Page, ty: &TypeView, title: &str) {
    let layout = &ty.layout;
    let heading = page.paint(Tone::Strong, title);
    page.line(&heading);
    let mut facts = vec![format!("{} B", grouped(layout.size))];
    facts.extend((layout.align > 0).then(|| format!("aligned to {}", layout.align)));
    facts.extend((layout.padding > 0).then(|| format!("{} B never used", grouped(layout.padding))));
    facts.extend(layout.niche.then(|| "tag in a niche".to_owned()));
    page.line(&format!("  {}", facts.join(" · ")));
    if let Some(line) = chain_words(&ty.chain) {
        page.labelled("  why ", 6, &line);
    }
    if let Some(outlier) = &ty.outlier {
        page.labelled("  box ", 6, &remedy(outlier));
    }
    for twice in &ty.held_twice {
        page.labelled("  twice ", 8, &held_twice(twice));
    }
    let what = match layout.kind {
        TypeKind::Closure => "captures",
        kind if kind.is_future() => "arguments",
        _ => "fields",
    };
    if !layout.fields.is_empty() {
        page.line(&format!("  {what}"));
        fields(page, &layout.fields);
    }
    for variant in &layout.variants {
        page.line(&format!("  {}", variant_title(layout, variant)));
        fields(page, &variant.fields);
    }
}

fn fields(page: &mut Page, fields: &[Field]) {
    let mut rows: Vec<Vec<Cell>> = fields
        .iter()
        .map(|field| {
            let name = match field.name.as_str() {
                AWAITED => "(awaited)".to_owned(),
                name => plain(name),
            };
            let place = field.place.as_ref();
            let place = place.map_or_else(String::new, |place| format!("line {}", place.line));
            vec![
                Cell::new(bytes(field.size)),
                Cell::toned(format!("+{}", grouped(field.offset)), Tone::Faint),
                Cell::new(name),
                Cell::new(plain(&short_name(&field.type_name))),
                Cell::toned(place, Tone::Faint),
            ]
        })
        .collect();
    right_aligned(&mut rows, 0);
    page.table(4, &[2, 3, 4], &rows);
}

fn variant_title(layout: &TypeLayout, variant: &VariantLayout) -> String {
    if layout.kind.is_future() {
        let place = variant.place.as_ref().map(spot).unwrap_or_default();
        return format!("await at {place} · {} B live", grouped(variant.live));
    }
    format!("{} · {} B", plain(&variant.name), grouped(variant.end))
}

/// The chain in one line, innermost last; `None` for none.
pub(crate) fn chain_words(chain: &[Step]) -> Option<String> {
    let steps = chain.iter().map(|step| {
        let place = step.place.as_ref().map(|place| {
            let file = place.file.rsplit('/').next().unwrap_or_default();
            format!("{}:{} ", plain(file), place.line)
        });
        let place = place.unwrap_or_default();
        let name = plain(&short_name(&step.type_name));
        let own = match (plain(&step.name), name.as_str()) {
            (own, "") => own,
            (own, name) => format!("{own}: {name}"),
        };
        let size = bytes(step.size);
        match step.part {
            Part::Awaited => {
                let future = name.strip_prefix("async fn ").unwrap_or(&name);
                format!("← {place}awaits {future} {size}")
            }
            Part::Variant => format!("← variant {own} {size}"),
            Part::Captured => format!("← captures {own} {size}"),
            Part::Held | Part::Field => format!("← {place}{own} {size}"),
        }
    });
    let steps: Vec<String> = steps.collect();
    (!steps.is_empty()).then(|| steps.join(" "))
}

fn remedy(outlier: &Outlier) -> String {
    format!(
        "variant {} needs {} B and the next {} B; with its fields in a box the type has {} B",
        plain(&outlier.variant),
        grouped(outlier.size),
        grouped(outlier.next),
        grouped(outlier.boxed)
    )
}

fn held_twice(twice: &HeldTwice) -> String {
    format!(
        "argument {} has a place of its own beside the one it is held in across an await, and {} of it are never used \
         again (rust-lang/rust#62958); take it by reference or in a box",
        plain(&twice.name),
        bytes(twice.unused)
    )
}

/// Names with short arguments, or whole ones where short ones would be the same.
fn titles(view: &TypesView) -> Vec<String> {
    let short = |ty: &TypeView| with_short_arguments(&ty.layout.name);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for ty in &view.types {
        *counts.entry(short(ty)).or_default() += 1;
    }
    let title = |ty: &TypeView| {
        let name = short(ty);
        let name = if counts.get(&name).is_some_and(|count| *count > 1) {
            plain(&ty.layout.name)
        } else {
            plain(&name)
        };
        match &ty.layout.place {
            Some(place) => format!("{name} ({})", spot(place)),
            None => name,
        }
    };
    view.types.iter().map(title).collect()
}

fn padding(ty: &TypeView) -> String {
    match ty.layout.padding {
        0 => String::new(),
        padding => bytes(padding),
    }
}

fn binaries(page: &mut Page, view: &TypesView) {
    for binary in &view.binaries {
        page.gap();
        let mut crates: Vec<(&String, &u64)> = binary.crates.iter().collect();
        crates.sort_by_key(|(name, bytes)| (std::cmp::Reverse(**bytes), (*name).clone()));
        let shown = crates.iter().take(CRATES_SHOWN);
        let shown = shown.map(|(name, bytes)| format!("{} {} B", plain(name), grouped(**bytes)));
        let mut parts: Vec<String> = shown.collect();
        let rest: u64 = crates
            .iter()
            .skip(CRATES_SHOWN)
            .map(|(_, bytes)| **bytes)
            .sum();
        parts.extend((rest > 0).then(|| format!("others {} B", grouped(rest))));
        page.labelled(
            "",
            0,
            &format!(
                "{}: file {} B, code {} B: {}",
                plain(&binary.name),
                grouped(binary.file),
                grouped(binary.code),
                parts.join(", ")
            ),
        );
    }
}

fn spot(place: &Place) -> String {
    format!("{}:{}", plain(&place.file), place.line)
}

fn bytes(value: u64) -> String {
    format!("{} B", grouped(value))
}

/// The first column of a table is left aligned; sizes want to be right aligned.
fn right_aligned(rows: &mut [Vec<Cell>], column: usize) {
    let width = |row: &Vec<Cell>| row.get(column).map_or(0, |cell| cell.text.chars().count());
    let widest = rows.iter().map(width).max().unwrap_or(0);
    for row in rows {
        let padding = widest - width(row);
        if let Some(cell) = row.get_mut(column) {
            cell.text.insert_str(0, &" ".repeat(padding));
        }
    }
}
