//! What tells a type from others: its parts by name and type, without what an edit changes all the time.

use std::collections::BTreeSet;

use perfkit_model::layout::{Field, TypeLayout};
use perfkit_model::short_name::short_name;

use super::renames::Renames;

/// Parts of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// Names.
    names: BTreeSet<String>,
    /// Types, array lengths and modules left out.
    types: BTreeSet<String>,
    /// Both.
    typed: BTreeSet<String>,
}

impl Features {
    /// `renamed` gives types the names that they have on the other side.
    pub(super) fn of(layout: &TypeLayout, renamed: &Renames) -> Self {
        let mut features = Self::default();
        for field in &layout.fields {
            features.add("", field, renamed);
        }
        for variant in &layout.variants {
            // Suspend points are numbered; what lives across them is what tells one from another.
            let name = if layout.kind.is_future() {
                ""
            } else {
                variant.name.as_str()
            };
            features.names.insert(name.to_owned());
            for field in &variant.fields {
                features.add(name, field, renamed);
            }
        }
        features
    }

    fn add(&mut self, variant: &str, field: &Field, renamed: &Renames) {
        // Temporaries of the compiler are numbered.
        let is_numbered = field
            .name
            .strip_prefix("__")
            .is_some_and(|rest| rest.chars().all(|char| char.is_ascii_digit()));
        let name = if is_numbered {
            "_"
        } else {
            field.name.as_str()
        };
        self.names.insert(format!("{variant}.{name}"));
        let ty = without_numbers(&short_name(&renamed.apply(&field.type_name)));
        self.typed.insert(format!("{variant}.{name}: {ty}"));
        self.types.insert(ty);
    }

    /// From 0 to 1: how many of the parts of either both have (Jaccard index), by name, by type, and by both.
    pub(super) fn similarity(&self, other: &Self) -> f64 {
        let sets = [
            (&self.names, &other.names),
            (&self.types, &other.types),
            (&self.typed, &other.typed),
        ];
        sets.iter()
            .map(|(own, other)| jaccard(own, other))
            .sum::<f64>()
            / sets.len() as f64
    }
}

fn jaccard(left: &BTreeSet<String>, right: &BTreeSet<String>) -> f64 {
    let both = left.intersection(right).count();
    let either = left.len() + right.len() - both;
    if either == 0 {
        return 1.0;
    }
    both as f64 / either as f64
}

/// `[u8; 4096]` is `[u8; _]`, `Ring<16>` is `Ring<_>`; `u8` stays.
pub(super) fn without_numbers(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut in_word = false;
    for char in name.chars() {
        if char.is_ascii_digit() && !in_word {
            if !out.ends_with('_') || out.ends_with("__") {
                out.push('_');
            }
        } else {
            out.push(char);
            in_word = char.is_alphanumeric() || char == '_';
        }
    }
    out
}
