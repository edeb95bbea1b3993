//! The one variant that makes a moved enum large.

use perfkit_model::comparison::Naming;
use perfkit_model::layout::{TypeLayout, VariantLayout};
use perfkit_model::type_words::type_words;

use crate::causes::Carrier;
use crate::causes::carried::Carried;
use perfkit_model::short_name::short_name;

/// An enum that is large for one variant only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lopsided {
    /// `DistriErr`.
    pub(crate) name: String,
    /// Bytes of the enum.
    pub(crate) size: u64,
    /// The large variant.
    pub(crate) variant: VariantLayout,
    /// Bytes of the next one; 0 where it has no fields.
    pub(crate) next: u64,
}

/// How many times the next variant's size the large one has to be; clippy's `large_enum_variant` also looks at the gap
/// to the second largest.
const LEAST_RATIO: u64 = 2;

/// Bytes between both; below, a box costs more than the copies it saves.
const LEAST_GAP: u64 = 1_024;

/// The lopsided enum that is carried, or where no type is, the one in the type of the first cause.
pub(crate) fn lopsided(
    carried: Option<&Carried>,
    carriers: &[Carrier],
    enums: &[TypeLayout],
) -> Option<Lopsided> {
    let annotated = |carrier: &&Carrier| {
        let ty = carrier.cause.ty.as_ref();
        ty.is_some_and(|ty| ty.way == Naming::Annotated)
    };
    let holds = |carrier: &Carrier, name: &str| {
        let ty = carrier.cause.ty.as_ref();
        ty.is_some_and(|ty| type_words(&ty.name).contains(name))
    };
    let carrier = match carried {
        Some(carried) => carriers
            .iter()
            .filter(annotated)
            .find(|carrier| holds(carrier, &carried.name)),
        None => carriers.first().filter(annotated),
    }?;
    // Enums of other modules can share the name, and what is larger than the moved type is not in it.
    let room = carrier.cause.ty.as_ref()?.size;
    let named: Vec<&TypeLayout> = enums
        .iter()
        .filter(|layout| match carried {
            Some(carried) => layout.simple_name() == carried.name,
            None => holds(carrier, layout.simple_name()),
        })
        .collect();
    // Where two share the name, only the size tells which it is: the one that fills the moved type.
    let fills = |layout: &TypeLayout| named.len() == 1 || layout.size.saturating_mul(2) > room;
    named
        .iter()
        .copied()
        .filter(|layout| layout.size <= room && fills(layout))
        .max_by_key(|layout| layout.size)
        .and_then(of_layout)
}

fn of_layout(layout: &TypeLayout) -> Option<Lopsided> {
    let largest = layout.variants.iter().max_by_key(|variant| variant.end)?;
    let others = layout.variants.iter().filter(|variant| *variant != largest);
    let next = others.map(|variant| variant.end).max()?;
    let is_lopsided = largest.end >= next.saturating_mul(LEAST_RATIO)
        && largest.end.saturating_sub(next) >= LEAST_GAP;
    is_lopsided.then(|| Lopsided {
        name: short_name(layout.simple_name()),
        size: layout.size,
        variant: largest.clone(),
        next,
    })
}
