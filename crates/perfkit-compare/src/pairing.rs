//! Which case of one run is compared with which of the other.

use std::collections::BTreeMap;

use perfkit_model::run::{Case, CaseId};

use crate::Side;

/// Cases that are named each, of those that only a base of all workloads has, where the head has some of them.
const MOST_NAMED: usize = 3;

/// Two cases that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The case of the base.
    pub base: &'a Case,
    /// The case of the head.
    pub head: &'a Case,
}

/// Every case of both runs, in a pair or alone; sorted, whatever the order in the runs.
#[derive(Debug, Default)]
pub struct Pairing<'a> {
    /// What is compared.
    pub pairs: Vec<Pair<'a>>,
    /// What only the base has.
    pub base_only: Vec<&'a Case>,
    /// What only the head has.
    pub head_only: Vec<&'a Case>,
}

/// Pairs equal variants first; what is left pairs across variants where that is unambiguous.
///
/// That is how variant `story` is compared with a baseline that was saved from variant `cured`. One case
/// left in the base answers for every variant left in the head. Several left in the base answer for none:
/// which of them was meant would be a guess.
#[must_use]
pub fn pair<'a>(base: &'a [Case], head: &'a [Case]) -> Pairing<'a> {
    let mut groups: BTreeMap<CaseId, (Vec<&Case>, Vec<&Case>)> = BTreeMap::new();
    for case in base {
        groups.entry(key(case)).or_default().0.push(case);
    }
    for case in head {
        groups.entry(key(case)).or_default().1.push(case);
    }
    let mut pairing = Pairing::default();
    for (mut base, mut head) in groups.into_values() {
        base.sort_by(|left, right| left.id.cmp(&right.id));
        head.sort_by(|left, right| left.id.cmp(&right.id));
        head.retain(|head| {
            match base
                .iter()
                .position(|base| base.id.variant == head.id.variant)
            {
                Some(position) => {
                    let base = base.remove(position);
                    pairing.pairs.push(Pair { base, head });
                    false
                }
                None => true,
            }
        });
        match base.as_slice() {
            [base] if !head.is_empty() => {
                pairing
                    .pairs
                    .extend(head.into_iter().map(|head| Pair { base, head }));
            }
            _ => {
                pairing.base_only.extend(base);
                pairing.head_only.extend(head);
            }
        }
    }
    pairing
}

/// What a reader has to know about the pairing, one sentence each.
pub(crate) fn remarks(pairing: &Pairing<'_>, base: &Side<'_>, head: &Side<'_>) -> Vec<String> {
    let across = pairing
        .pairs
        .iter()
        .filter(|pair| pair.base.id.variant != pair.head.id.variant)
        .map(|pair| format!("`{}` is compared with `{}`", pair.head.id, pair.base.id));
    let only = |cases: &[&Case], side: &Side<'_>, other: &Side<'_>| -> Vec<String> {
        cases
            .iter()
            .map(|case| {
                format!(
                    "`{}` is in {} and not in {}",
                    case.id, side.name, other.name
                )
            })
            .collect()
    };
    // A run of some workloads lacks most of what a baseline of all has, and nobody wonders why.
    let is_choice = head.run.partial && !base.run.partial;
    let gone = match pairing.base_only.as_slice() {
        cases if is_choice && cases.len() > MOST_NAMED => {
            let names = cases.iter().take(MOST_NAMED);
            let names: Vec<String> = names.map(|case| format!("`{}`", case.id)).collect();
            vec![format!(
                "{} cases of {} are not in {}: {} and {} more",
                cases.len(),
                base.name,
                head.name,
                names.join(", "),
                cases.len() - MOST_NAMED
            )]
        }
        cases => only(cases, base, head),
    };
    across
        .chain(only(&pairing.head_only, head, base))
        .chain(gone)
        .collect()
}

fn key(case: &Case) -> CaseId {
    CaseId {
        variant: None,
        ..case.id.clone()
    }
}
