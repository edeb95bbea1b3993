//! Compares the types of two builds: which grew, and which part of them made them grow.

mod features;
pub(crate) mod growth;
mod pairing;
mod renames;

use std::collections::BTreeSet;

use perfkit_model::layout::{TypeLayout, TypeTable};
use perfkit_model::lint::GrowthCause;

/// A type of the head that has a counterpart in the base, and is larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth<'t> {
    /// As it was.
    pub base: &'t TypeLayout,
    /// As it is.
    pub head: &'t TypeLayout,
    /// What made it grow, where something did.
    pub cause: Option<GrowthCause>,
}

/// What differs between the types of two builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference<'t> {
    /// Larger ones, those with the most bytes added first.
    pub grown: Vec<Growth<'t>>,
    /// Types of the head without a counterpart, largest first.
    pub new: Vec<&'t TypeLayout>,
}

/// Compares the types of these crates.
///
/// A type that was renamed, moved or got other arguments is found again by what it holds. What cannot be told apart,
/// as several blocks of one function, is paired so that growth is not hidden.
#[must_use]
pub fn compare<'t>(
    base: &'t TypeTable,
    head: &'t TypeTable,
    crates: &BTreeSet<String>,
) -> Difference<'t> {
    let of = |table: &'t TypeTable| -> Vec<&'t TypeLayout> {
        let types = table.types.iter();
        types.filter(|ty| crates.contains(&ty.krate)).collect()
    };
    let pairing = pairing::pair(of(base), of(head));
    let mut grown: Vec<Growth<'t>> = pairing
        .pairs
        .into_iter()
        .filter(|(base, head)| head.size > base.size)
        .map(|(base, head)| Growth {
            base,
            head,
            cause: None,
        })
        .collect();
    growth::explain(&mut grown);
    grown.sort_by_key(|growth| {
        let added = growth.head.size - growth.base.size;
        (std::cmp::Reverse(added), &growth.head.name)
    });
    let mut new = pairing.new;
    new.sort_by_key(|layout| (std::cmp::Reverse(layout.size), &layout.name));
    Difference { grown, new }
}
