//! Which part made a type grow, and whether that part only passes on what another type grew by.

use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::layout::{AWAITED, Field, Place, TypeKind, TypeLayout, VariantLayout};

use perfkit_model::lint::GrowthCause;

use super::Growth;

/// Fills in the causes.
pub(super) fn explain(grown: &mut [Growth<'_>]) {
    let known: BTreeSet<(String, u64)> = grown
        .iter()
        .map(|growth| (growth.head.name.clone(), growth.head.size))
        .collect();
    for growth in grown {
        let own = &growth.head.name;
        let is_passed_on = |cause: &GrowthCause| {
            // Closures in closures share a name; their sizes tell them apart.
            known.contains(&(cause.type_name.clone(), cause.after))
                || known
                    .iter()
                    .any(|(name, _)| name != own && mentions(&cause.type_name, name))
        };
        let cause = cause(growth.base, growth.head);
        growth.cause = cause.map(|cause| GrowthCause {
            passed_on: is_passed_on(&cause),
            ..cause
        });
    }
}

/// The part with the most bytes added; where parts kept their sizes, the largest one that a future now holds together
/// with what it holds most of.
fn cause(base: &TypeLayout, head: &TypeLayout) -> Option<GrowthCause> {
    let grown = larger_part(base, head);
    let added = grown.as_ref().map_or(0, |cause| cause.after - cause.before);
    let explains = added.saturating_mul(2) >= head.size.saturating_sub(base.size);
    if explains || !head.kind.is_future() {
        return grown;
    }
    held_longer(base, head).or(grown)
}

/// The largest part of the suspend point with the most live bytes that was not part of that of the base.
fn held_longer(base: &TypeLayout, head: &TypeLayout) -> Option<GrowthCause> {
    let held_before = base.fullest().map_or(&[][..], |variant| &variant.fields);
    let held = head.fullest()?;
    let is_new = |field: &&Field| {
        let mut before = held_before.iter();
        !before.any(|old| (&old.name, &old.type_name) == (&field.name, &field.type_name))
    };
    let field = held
        .fields
        .iter()
        .filter(is_new)
        .max_by_key(|field| field.size)?;
    let part = part_of(head, field, held);
    Some(GrowthCause {
        part: part.name,
        type_name: part.type_name,
        before: 0,
        after: part.size,
        place: part.place,
        passed_on: false,
        held: part.held,
    })
}

fn larger_part(base: &TypeLayout, head: &TypeLayout) -> Option<GrowthCause> {
    let (base, head) = (parts(base), parts(head));
    let causes = head.values().map(|part| GrowthCause {
        part: part.name.clone(),
        type_name: part.type_name.clone(),
        before: before(part, &base, &head),
        after: part.size,
        place: part.place.clone(),
        passed_on: false,
        held: part.held,
    });
    causes
        .filter(|cause| cause.after > cause.before)
        .max_by_key(|cause| cause.after - cause.before)
}

/// Bytes that a part had: under its name, unless another part has changed places with it.
fn before(part: &Part, base: &BTreeMap<String, Part>, head: &BTreeMap<String, Part>) -> u64 {
    let own = base.get(&part.name);
    if own.is_some_and(|own| own.type_name == part.type_name) {
        return own.map_or(0, |own| own.size);
    }
    let stayed = |old: &Part| {
        let same_name = head.get(&old.name);
        same_name.is_some_and(|new| new.type_name == old.type_name)
    };
    let moved = base
        .values()
        .find(|old| old.type_name == part.type_name && !stayed(old));
    moved.or(own).map_or(0, |old| old.size)
}

#[derive(Debug)]
struct Part {
    name: String,
    type_name: String,
    size: u64,
    place: Option<Place>,
    /// A variable that is live across an await, and no argument.
    held: bool,
}

/// What a type holds, by what it is called; of several of one name the largest.
fn parts(layout: &TypeLayout) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut add = |key: String, part: Part| {
        let known = parts.get(&key).is_some_and(|known| known.size >= part.size);
        if !known {
            parts.insert(key, part);
        }
    };
    for field in &layout.fields {
        add(field.name.clone(), part(field, None));
    }
    for variant in &layout.variants {
        if layout.kind == TypeKind::Enum {
            // A variant is what a person would box; its largest field says of what type it is.
            let largest = variant.fields.iter().max_by_key(|field| field.size);
            let part = Part {
                name: variant.name.clone(),
                type_name: largest.map_or_else(String::new, |field| field.type_name.clone()),
                size: variant.end,
                place: None,
                held: false,
            };
            add(variant.name.clone(), part);
            continue;
        }
        for field in &variant.fields {
            add(field.name.clone(), part_of(layout, field, variant));
        }
    }
    parts
}

fn part_of(layout: &TypeLayout, field: &Field, variant: &VariantLayout) -> Part {
    let is_argument = layout.fields.iter().any(|own| own.name == field.name);
    Part {
        held: layout.kind.is_future() && field.name != AWAITED && !is_argument,
        ..part(field, Some(variant))
    }
}

fn part(field: &Field, variant: Option<&VariantLayout>) -> Part {
    let await_place = variant.and_then(|variant| variant.place.clone());
    Part {
        name: field.name.clone(),
        type_name: field.type_name.clone(),
        size: field.size,
        place: field.place.clone().or(await_place),
        held: false,
    }
}

/// Whether the name of a type is, or has as an argument, the name of another.
pub(crate) fn mentions(type_name: &str, name: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':');
    type_name.match_indices(name).any(|(at, _)| {
        let before = type_name[..at].chars().next_back();
        let after = type_name[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(|char| is_word(char) || char == '<')
    })
}
