//! The type that many moved types have in common.
//!
//! One large value is moved as `Result<Code, Error>`, then as `Poll<Result<Code, Error>>`, then inside a
//! `Stage`: a dozen causes of a few percent each. What a person has to box is the type they all hold, and
//! its name is in theirs.

use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::comparison::Naming;
use perfkit_model::layout::TypeLayout;
use perfkit_model::type_words::type_words;

use crate::causes::Carrier;
use perfkit_model::short_name::short_name;

/// A type whose name many moved types contain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Carried {
    /// Its name.
    pub(crate) name: String,
    /// Growth of all moves of types that hold it, per iteration.
    pub(crate) growth: f64,
    /// Moves of them in the head per iteration, where they are known.
    pub(crate) moves: Option<f64>,
    /// Part of the whole growth.
    pub(crate) share: f64,
}

/// Smallest part of the growth worth a name of its own.
const SMALLEST_SHARE: f64 = 0.2;

/// The type that carries most of the growth, where at least two moved types hold it. Of two that are always moved together
/// the larger one is the load.
pub(crate) fn carried(carriers: &[Carrier], enums: &[TypeLayout]) -> Option<Carried> {
    let mut sums: BTreeMap<&str, (Carried, BTreeSet<&str>)> = BTreeMap::new();
    for carrier in carriers {
        let cause = &carrier.cause;
        let Some(ty) = cause.ty.as_ref().filter(|ty| ty.way == Naming::Annotated) else {
            continue;
        };
        for name in type_words(&ty.name) {
            let (sum, types) = sums.entry(name).or_insert_with(|| {
                (
                    Carried {
                        name: short_name(name),
                        growth: 0.0,
                        moves: Some(0.0),
                        share: 0.0,
                    },
                    BTreeSet::new(),
                )
            });
            sum.growth += cause.head - cause.base;
            sum.moves = sum
                .moves
                .zip(carrier.events)
                .map(|(sum, moves)| sum + moves);
            sum.share += cause.share;
            types.insert(&ty.name);
        }
    }
    let shared = sums
        .into_values()
        .filter(|(sum, types)| types.len() > 1 && sum.share >= SMALLEST_SHARE);
    let size = |name: &str| {
        let named = enums.iter().filter(|layout| layout.simple_name() == name);
        named.map(|layout| layout.size).max().unwrap_or_default()
    };
    shared
        .max_by(|(left, _), (right, _)| {
            let growth = left.growth.total_cmp(&right.growth);
            growth.then_with(|| size(&left.name).cmp(&size(&right.name)))
        })
        .map(|(sum, _)| sum)
}
