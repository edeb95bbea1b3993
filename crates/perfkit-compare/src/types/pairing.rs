//! Which type of the head is which of the base.
//!
//! What kept its name and its parts is the same. Of the rest, closures and blocks of one function share a name, because
//! their numbers change with every one added above, and anything may have been renamed or moved, or may have taken over
//! the name of another. So parts count together with names: the pair with the most in common is made first. Types of one
//! name that are left on both sides are paired at last, so that growth is never hidden.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use perfkit_model::layout::{TypeKind, TypeLayout, path};

use super::features::Features;
use super::growth::mentions;
use super::renames::Renames;

/// Pairs and what is left.
#[derive(Debug, Default)]
pub(super) struct Pairing<'t> {
    /// Base and head.
    pub(super) pairs: Vec<(&'t TypeLayout, &'t TypeLayout)>,
    /// Of the head, without a counterpart.
    pub(super) new: Vec<&'t TypeLayout>,
}

/// Least similarity of the parts of two types, of 1.
const ALIKE: f64 = 0.3;

/// Least score of two types: how similar they are, and what their names share.
const SAME: f64 = 0.7;

/// What a name shares counts this much: the whole path without arguments, its last segment, or the module.
const PATH_KEPT: f64 = 0.35;
const LAST_KEPT: f64 = 0.25;
const MODULE_KEPT: f64 = 0.1;
/// The same arguments, too.
const ARGUMENTS_KEPT: f64 = 0.05;
/// Least similarity of copies of one another.
const COPY: f64 = 0.8;

/// The same parts at the same size are rarely a coincidence.
const UNCHANGED: f64 = 0.2;

#[derive(Debug, Clone)]
struct Side<'t> {
    layout: &'t TypeLayout,
    /// As the head spells it.
    name: String,
    features: Features,
}

/// Times that names are compared anew after renames were found: a rename may uncover another one.
const ROUNDS: usize = 3;

pub(super) fn pair<'t>(base: Vec<&'t TypeLayout>, head: Vec<&'t TypeLayout>) -> Pairing<'t> {
    let mut renames = Renames::default();
    for _ in 0..ROUNDS {
        let pairing = pair_once(&base, &head, &renames);
        let mut found = Renames::default();
        for (base, head) in &pairing.pairs {
            found.note(&base.name, &head.name);
        }
        if found.is_empty() || found == renames {
            return pairing;
        }
        renames = found;
    }
    pair_once(&base, &head, &renames)
}

fn pair_once<'t>(
    base: &[&'t TypeLayout],
    head: &[&'t TypeLayout],
    renames: &Renames,
) -> Pairing<'t> {
    let mut pairing = Pairing::default();
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let (groups, head_groups) = (by_name(base, renames), by_name(head, &Renames::default()));
    let is_several = |group: Option<&Vec<Side<'_>>>| group.is_some_and(|group| group.len() > 1);
    let is_one_of_several = |base: &Side<'_>, head: &Side<'_>| {
        is_numbered(head.layout.kind)
            && (is_several(groups.get(&base.name)) || is_several(head_groups.get(&head.name)))
    };
    let mut of_base = groups.clone();
    // PERF: nearly all types are as they were, and all pairs of the others are looked at.
    for (name, head) in head_groups.clone() {
        let base = of_base.remove(&name).unwrap_or_default();
        let (left_base, left_head) = matched(base, head, &mut pairing, |base, head| {
            is_unchanged(base, head).then_some(1.0)
        });
        gone.extend(left_base);
        new.extend(left_head);
    }
    gone.extend(of_base.into_values().flatten());
    // What was taken out of a type and is now held by the type of that name is new; the name stays with its holder.
    let is_taken_out = |base: &Side<'_>, head: &Side<'_>| {
        let namesakes = head_groups.get(&base.name).map(Vec::as_slice);
        match namesakes {
            Some([namesake]) if !is_numbered(base.layout.kind) => {
                namesake.name != head.name && holds(namesake.layout, &head.name)
            }
            _ => false,
        }
    };
    let (mut gone, new) = matched(gone, new, &mut pairing, |base, head| {
        // PERF: most pairs have little in common, and need no look at names.
        let similarity = base.features.similarity(&head.features);
        if similarity < ALIKE {
            return None;
        }
        let unchanged = if is_unchanged(base, head) {
            UNCHANGED
        } else {
            0.0
        };
        let kept = name_kept(&base.name, &head.name);
        // The name of one of several closures or blocks says which function it is in, and not which it is.
        let kept = if is_one_of_several(base, head) {
            kept / 2.0
        } else {
            kept
        };
        let score = similarity + unchanged + kept;
        (score >= SAME && !is_taken_out(base, head)).then_some(score)
    });
    for head in new {
        // What has a name of its own is what it is called, whatever has become of it.
        let namesake = gone
            .iter()
            .position(|base| base.name == head.name && !is_numbered(base.layout.kind));
        let group = groups.get(&head.name).map_or(&[][..], Vec::as_slice);
        let counterpart = match namesake {
            Some(at) => Some(gone.swap_remove(at).layout),
            None => grown_copy(group, &head),
        };
        match counterpart {
            Some(base) => pairing.pairs.push((base, head.layout)),
            None => pairing.new.push(head.layout),
        }
    }
    pairing
}

/// Copies that are alike are listed once. Where one of them grew, another still stands for what it was: the largest of
/// a group never grows unseen.
fn grown_copy<'t>(group: &[Side<'t>], head: &Side<'t>) -> Option<&'t TypeLayout> {
    let largest = group.iter().map(|side| side.layout.size).max()?;
    let alike = group
        .iter()
        .filter(|side| side.features.similarity(&head.features) >= COPY);
    let alike = alike.max_by_key(|side| side.layout.size)?;
    (head.layout.size > largest).then_some(alike.layout)
}

fn holds(layout: &TypeLayout, name: &str) -> bool {
    let in_variants = layout.variants.iter().flat_map(|variant| &variant.fields);
    let mut parts = layout.fields.iter().chain(in_variants);
    parts.any(|part| mentions(&part.type_name, name))
}

fn is_unchanged(base: &Side<'_>, head: &Side<'_>) -> bool {
    base.layout.size == head.layout.size && base.features == head.features
}

/// Whether several of them in one function share a name.
fn is_numbered(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Closure | TypeKind::AsyncBlock | TypeKind::AsyncClosure
    )
}

fn by_name<'t>(types: &[&'t TypeLayout], renames: &Renames) -> BTreeMap<String, Vec<Side<'t>>> {
    let mut groups: BTreeMap<String, Vec<Side<'t>>> = BTreeMap::new();
    for layout in types {
        let name = renames.apply(&layout.name);
        groups.entry(name.clone()).or_default().push(Side {
            layout,
            name,
            features: Features::of(layout, renames),
        });
    }
    groups
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
            if is_same_kind(base.layout.kind, head.layout.kind)
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

/// An `async fn` may become a function that returns a block, and the other way round.
fn is_same_kind(base: TypeKind, head: TypeKind) -> bool {
    base == head || (base.is_future() && head.is_future())
}

fn name_kept(base: &str, head: &str) -> f64 {
    if base == head {
        return PATH_KEPT + ARGUMENTS_KEPT;
    }
    let (base, head) = (path(base), path(head));
    if base == head {
        return PATH_KEPT;
    }
    let (base_module, base_last) = base.rsplit_once("::").unwrap_or(("", base));
    let (head_module, head_last) = head.rsplit_once("::").unwrap_or(("", head));
    if base_last == head_last {
        LAST_KEPT
    } else if base_module == head_module {
        MODULE_KEPT
    } else {
        0.0
    }
}
