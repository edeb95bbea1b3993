//! Why a type is as large as it is.
//!
//! A future is as large as the suspend point with the most live bytes needs, an enum as its largest variant. Following
//! the largest part of each leads down to the field or variable that carries the size.

use perfkit_model::intervals::Intervals;
use perfkit_model::layout::{
    AWAITED, Field, HeldTwice, Outlier, Part, Piece, Step, TypeKind, TypeLayout, TypeTable,
    VariantLayout,
};

/// Futures in futures, wrappers in wrappers: beyond this lies damage.
const LONGEST: usize = 64;

/// Bytes from which holding an argument twice is worth a word.
const LEAST_TWICE: u64 = 64;

/// Bytes of a box.
const POINTER: u64 = 8;

/// The largest contributions from a type down to what carries its size; empty where nothing stands out.
///
/// A future always has a next step, the largest of what it holds where it holds most. Any other type has one where a
/// single part is at least half of it.
#[must_use]
pub fn chain(table: &TypeTable, of: &TypeLayout) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut layout = Some(of);
    while let Some(current) = layout
        && steps.len() < LONGEST
        && let Some(step) = largest_part(current)
    {
        let is_minor = step.size.saturating_mul(2) < current.size;
        if step.size == 0 || (is_minor && !current.kind.is_future()) {
            break;
        }
        layout = find(table, &step);
        steps.push(step);
    }
    steps
}

/// Levels of parts below the root that are shown.
const DEEPEST: usize = 8;

/// What a type is made of: a future of what it holds at the suspend point with the most live bytes, an enum of its
/// largest variant, everything else of its fields. Parts below `least` bytes are left to the rest of what holds them.
#[must_use]
pub fn piece(table: &TypeTable, of: &TypeLayout, least: u64) -> Piece {
    Piece {
        name: of.name.clone(),
        type_name: of.name.clone(),
        size: of.size,
        place: of.place.clone(),
        pieces: pieces(table, of, least, DEEPEST),
    }
}

fn pieces(table: &TypeTable, of: &TypeLayout, least: u64, depth: usize) -> Vec<Piece> {
    if depth == 0 {
        return Vec::new();
    }
    let held = fullest(of);
    let fields = held.map_or(&of.fields, |variant| &variant.fields);
    let mut parts: Vec<Piece> = fields
        .iter()
        .filter(|field| field.size >= least)
        .map(|field| {
            let step = step(Part::Field, field);
            let layout = find(table, &step);
            let place = match (field.name.as_str(), held) {
                (AWAITED, Some(variant)) => variant.place.clone(),
                _ => field.place.clone(),
            };
            Piece {
                name: match (held, of.kind) {
                    (Some(variant), TypeKind::Enum) => {
                        format!("{}.{}", variant.name, field.name.trim_start_matches("__"))
                    }
                    _ => field.name.clone(),
                },
                type_name: field.type_name.clone(),
                size: field.size.min(of.size),
                place,
                pieces: layout
                    .map_or_else(Vec::new, |layout| pieces(table, layout, least, depth - 1)),
            }
        })
        .collect();
    parts.sort_by_key(|piece| std::cmp::Reverse(piece.size));
    // Parts may overlap: a variable that is moved into another one has the same place. What does not fit is left out.
    let mut room = of.size;
    parts.retain(|piece| {
        let fits = piece.size <= room;
        room -= if fits { piece.size } else { 0 };
        fits
    });
    if !parts.is_empty() && room > 0 {
        parts.push(Piece {
            size: room,
            ..Piece::default()
        });
    }
    parts
}

/// The variant of an enum that is larger than all others, where boxing its fields would make the enum smaller.
#[must_use]
pub fn outlier(layout: &TypeLayout) -> Option<Outlier> {
    if layout.kind != TypeKind::Enum || layout.variants.len() < 2 {
        return None;
    }
    let mut variants: Vec<&VariantLayout> = layout.variants.iter().collect();
    variants.sort_by_key(|variant| std::cmp::Reverse(variant.end));
    let (largest, next) = (variants.first()?, variants.get(1)?);
    let start = largest.fields.iter().filter(|field| field.size > 0);
    let start = start.map(|field| field.offset).min()?;
    // The box takes the place of the first field, behind a tag where there is one.
    let in_box = start
        .checked_next_multiple_of(POINTER)?
        .checked_add(POINTER)?;
    let needed = next.end.max(in_box);
    let boxed = needed.checked_next_multiple_of(layout.align.max(POINTER))?;
    (boxed < layout.size).then(|| Outlier {
        variant: largest.name.clone(),
        size: largest.end,
        next: next.end,
        boxed,
    })
}

/// Arguments that take up room twice in a future, by the bytes that a reference or a box would save; largest first.
#[must_use]
pub fn held_twice(layout: &TypeLayout) -> Vec<HeldTwice> {
    if !layout.kind.is_future() {
        return Vec::new();
    }
    let held = || layout.variants.iter().flat_map(|variant| &variant.fields);
    let mut twice: Vec<HeldTwice> = layout
        .fields
        .iter()
        .filter(|argument| {
            held().any(|held| {
                held.name == argument.name
                    && held.type_name == argument.type_name
                    && held.offset != argument.offset
            })
        })
        .map(|argument| HeldTwice {
            name: argument.name.clone(),
            type_name: argument.type_name.clone(),
            unused: unused(argument, held()),
            place: argument.place.clone(),
        })
        .filter(|twice| twice.unused >= LEAST_TWICE)
        .collect();
    twice.sort_by_key(|twice| (std::cmp::Reverse(twice.unused), twice.name.clone()));
    twice
}

/// Bytes of a field's place that none of the others uses.
fn unused<'f>(field: &Field, others: impl Iterator<Item = &'f Field>) -> u64 {
    let end = field.offset.saturating_add(field.size);
    let mut used = Intervals::default();
    for other in others {
        let start = other.offset.max(field.offset);
        let other_end = other.offset.saturating_add(other.size).min(end);
        used.add(start, other_end.saturating_sub(start));
    }
    field.size.saturating_sub(used.bytes())
}

fn find<'t>(table: &'t TypeTable, step: &Step) -> Option<&'t TypeLayout> {
    let mut named = table.named(&step.type_name).iter();
    named.find(|layout| layout.size == step.size)
}

fn largest_part(layout: &TypeLayout) -> Option<Step> {
    if layout.kind.is_future() {
        return match fullest(layout) {
            Some(variant) => largest(&variant.fields).map(|field| held(field, variant)),
            None => largest(&layout.fields).map(|argument| step(Part::Held, argument)),
        };
    }
    if let Some(variant) = layout.fullest() {
        let field = largest(&variant.fields)?;
        let name = match field.name.as_str() {
            "__0" | "0" if variant.fields.len() == 1 => variant.name.clone(),
            name => format!("{}.{}", variant.name, name.trim_start_matches("__")),
        };
        return Some(Step {
            name,
            ..step(Part::Variant, field)
        });
    }
    let part = if layout.kind == TypeKind::Closure {
        Part::Captured
    } else {
        Part::Field
    };
    largest(&layout.fields).map(|field| step(part, field))
}

/// The variant that a type is as large as; none where it is its fields. Before its first poll a future holds its
/// arguments, which may be more than it ever holds again.
fn fullest(layout: &TypeLayout) -> Option<&VariantLayout> {
    let arguments: u64 = layout.fields.iter().map(|field| field.size).sum();
    let is_as_large = |variant: &&VariantLayout| {
        let is_future = layout.kind.is_future();
        !is_future || (!variant.fields.is_empty() && variant.live >= arguments)
    };
    layout.fullest().filter(is_as_large)
}

fn held(field: &Field, variant: &VariantLayout) -> Step {
    if field.name == AWAITED {
        return Step {
            part: Part::Awaited,
            name: String::new(),
            place: variant.place.clone(),
            ..step(Part::Awaited, field)
        };
    }
    let mut held = step(Part::Held, field);
    // What has no declaration is a temporary of the expression that awaits.
    held.place = held.place.or_else(|| variant.place.clone());
    held
}

fn largest(fields: &[Field]) -> Option<&Field> {
    // The first of equals, as declared.
    let size = fields.iter().map(|field| field.size).max()?;
    fields.iter().find(|field| field.size == size)
}

fn step(part: Part, field: &Field) -> Step {
    Step {
        part,
        name: field.name.clone(),
        type_name: field.type_name.clone(),
        size: field.size,
        place: field.place.clone(),
    }
}
