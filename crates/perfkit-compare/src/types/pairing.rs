//! Which type of the head is which of the base.
//!
//! Names survive rebuilds and line shifts. Closures and blocks of one function share a name, because their numbers
//! change with every one added above; they are told apart by what they hold. What is left on both sides may have been
//! renamed or moved, and is found by what it holds and by how much of its name stayed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use perfkit_model::layout::TypeLayout;

use super::features::Features;

/// Pairs and what is left.
#[derive(Debug, Default)]
pub(super) struct Pairing<'t> {
    /// Base and head.
    pub(super) pairs: Vec<(&'t TypeLayout, &'t TypeLayout)>,
    /// Of the head, without a counterpart.
    pub(super) new: Vec<&'t TypeLayout>,
}

/// Least similarity of two members of a group, of 1.
const ALIKE: f64 = 0.3;

/// Least score of two types of different names: their similarity, and what their names share.
const SAME: f64 = 0.75;

/// What a name shares counts this much: the whole path without arguments, its last segment, or the module.
const PATH_KEPT: f64 = 0.5;
const LAST_KEPT: f64 = 0.3;
const MODULE_KEPT: f64 = 0.1;

#[derive(Debug, Clone)]
struct Side<'t> {
    layout: &'t TypeLayout,
    features: Features,
}

pub(super) fn pair<'t>(base: Vec<&'t TypeLayout>, head: Vec<&'t TypeLayout>) -> Pairing<'t> {
    let mut pairing = Pairing::default();
    let mut base = by_name(base);
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for (name, head) in by_name(head) {
        let (left_base, left_head) =
            group(base.remove(name).unwrap_or_default(), head, &mut pairing);
        gone.extend(left_base);
        new.extend(left_head);
    }
    gone.extend(base.into_values().flatten());
    let left = matched(gone, new, &mut pairing, |base, head| {
        let similarity = base.features.similarity(&head.features);
        let score = similarity + name_kept(&base.layout.name, &head.layout.name);
        (similarity >= ALIKE && score >= SAME).then_some(score)
    });
    pairing.new = left.1.into_iter().map(|side| side.layout).collect();
    pairing
}

fn by_name(types: Vec<&TypeLayout>) -> BTreeMap<&str, Vec<Side<'_>>> {
    let mut groups: BTreeMap<&str, Vec<Side<'_>>> = BTreeMap::new();
    for layout in types {
        groups.entry(&layout.name).or_default().push(Side {
            layout,
            features: Features::of(layout),
        });
    }
    groups
}

/// Pairs the types of one name, and returns what is left of each side: at most one side has any.
fn group<'t>(
    base: Vec<Side<'t>>,
    head: Vec<Side<'t>>,
    pairing: &mut Pairing<'t>,
) -> (Vec<Side<'t>>, Vec<Side<'t>>) {
    // What stayed as it was is what it was.
    let (base, head) = matched(base, head, pairing, |base, head| {
        let same = base.layout.size == head.layout.size && base.features == head.features;
        same.then_some(1.0)
    });
    let (mut base, mut head) = matched(base, head, pairing, |base, head| {
        let similarity = base.features.similarity(&head.features);
        (similarity >= ALIKE).then_some(similarity)
    });
    // The rest cannot be told apart. Largest with largest: a group's growth is never hidden.
    base.sort_by_key(|side| side.layout.size);
    head.sort_by_key(|side| side.layout.size);
    while !base.is_empty() && !head.is_empty() {
        let largest = base.pop().zip(head.pop());
        let pair = largest.map(|(base, head)| (base.layout, head.layout));
        pairing.pairs.extend(pair);
    }
    (base, head)
}

/// Pairs by descending score, and returns what is left.
fn matched<'t>(
    base: Vec<Side<'t>>,
    head: Vec<Side<'t>>,
    pairing: &mut Pairing<'t>,
    score: impl Fn(&Side<'t>, &Side<'t>) -> Option<f64>,
) -> (Vec<Side<'t>>, Vec<Side<'t>>) {
    let mut scores: Vec<(f64, u64, usize, usize)> = Vec::new();
    for (at_base, base) in base.iter().enumerate() {
        for (at_head, head) in head.iter().enumerate() {
            if base.layout.kind == head.layout.kind
                && base.layout.krate == head.layout.krate
                && let Some(score) = score(base, head)
            {
                let apart = base.layout.size.abs_diff(head.layout.size);
                scores.push((score, apart, at_base, at_head));
            }
        }
    }
    // Equal scores: those of the closest size, and then as they were listed.
    scores.sort_by(|left, right| {
        let score = right.0.partial_cmp(&left.0).unwrap_or(Ordering::Equal);
        score.then((left.1, left.2, left.3).cmp(&(right.1, right.2, right.3)))
    });
    let (mut base, mut head): (Vec<_>, Vec<_>) = (
        base.into_iter().map(Some).collect(),
        head.into_iter().map(Some).collect(),
    );
    for (_, _, at_base, at_head) in scores {
        if base[at_base].is_some()
            && head[at_head].is_some()
            && let (Some(base), Some(head)) = (base[at_base].take(), head[at_head].take())
        {
            pairing.pairs.push((base.layout, head.layout));
        }
    }
    (
        base.into_iter().flatten().collect(),
        head.into_iter().flatten().collect(),
    )
}

fn name_kept(base: &str, head: &str) -> f64 {
    let (base, head) = (plain(base), plain(head));
    if base == head {
        return PATH_KEPT;
    }
    let apart = |path| -> (String, String) {
        let path: &str = path;
        let (module, last) = path.rsplit_once("::").unwrap_or(("", path));
        (module.to_owned(), last.to_owned())
    };
    let ((base_module, base_last), (head_module, head_last)) = (apart(base), apart(head));
    if base_last == head_last {
        LAST_KEPT
    } else if base_module == head_module {
        MODULE_KEPT
    } else {
        0.0
    }
}

/// The path without arguments.
fn plain(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}
