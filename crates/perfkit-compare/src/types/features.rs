//! What tells a type from others: its parts by name and type, without what an edit changes all the time.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use perfkit_model::layout::{Field, TypeLayout};
use perfkit_model::short_name::short_name;

use super::renames::Renames;

/// Parts of a type, each as the hash of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// Names.
    names: Set,
    /// Types, array lengths and modules left out.
    types: Set,
    /// Both.
    typed: Set,
}

/// Hashes in ascending order, each once.
///
/// PERF: all pairs of changed types are compared; sorted numbers are compared faster than trees of strings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn insert(&mut self, text: &str) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        self.0.push(hasher.finish());
    }

    fn settle(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// How many of the elements of either both have (Jaccard index).
    fn jaccard(&self, other: &Self) -> f64 {
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        let mut both = 0;
        while let ([own, left_rest @ ..], [their, right_rest @ ..]) = (left, right) {
            both += usize::from(own == their);
            left = if own <= their { left_rest } else { left };
            right = if their <= own { right_rest } else { right };
        }
        let either = self.0.len() + other.0.len() - both;
        if either == 0 {
            return 1.0;
        }
        both as f64 / either as f64
    }
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
            features.names.insert(name);
            for field in &variant.fields {
                features.add(name, field, renamed);
            }
        }
        for set in [
            &mut features.names,
            &mut features.types,
            &mut features.typed,
        ] {
            set.settle();
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
        self.names.insert(&format!("{variant}.{name}"));
        let ty = without_numbers(&short_name(&renamed.apply(&field.type_name)));
        self.typed.insert(&format!("{variant}.{name}: {ty}"));
        self.types.insert(&ty);
    }

    /// From 0 to 1: how many of the parts of either both have (Jaccard index), by name, by type, and by both.
    pub(super) fn similarity(&self, other: &Self) -> f64 {
        let sets = [
            (&self.names, &other.names),
            (&self.types, &other.types),
            (&self.typed, &other.typed),
        ];
        sets.iter()
            .map(|(own, other)| own.jaccard(other))
            .sum::<f64>()
            / sets.len() as f64
    }
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
