//! Finds the base's weight in the head.
//!
//! Whole paths break across dependency versions and when a caller changes: the gross growth was 4.7 times
//! the net on real upgrades, against 1.1 times by the innermost two frames. Those alone lose causes that
//! sit higher in the stack. So both: whole path first, the innermost frames for what has no path on the
//! other side, and the innermost function for what is left.

use std::collections::BTreeMap;

use crate::causes::weights::Weight;

/// The head's weights, each with the part of the base's weight that is the same thing.
///
/// Base weight that is nowhere in the head is something that went away, and is left out.
pub(crate) fn subtract<'a>(base: Vec<Weight<'a>>, head: Vec<Weight<'a>>) -> Vec<Weight<'a>> {
    let mut done = Vec::with_capacity(head.len());
    let (base, head) = round(base, head, |weight| weight.path, &mut done);
    let (base, head) = round(base, head, |weight| weight.near, &mut done);
    let innermost = |weight: &Weight<'a>| (weight.near.0, weight.site.function);
    let (_, head) = round(base, head, innermost, &mut done);
    done.extend(head);
    // Rounds gather by key; the order of nodes makes the sums of floating-point numbers repeat.
    done.sort_by_key(|weight| weight.node);
    done
}

/// Settles every key both sides have, and returns what is on one side only.
fn round<'a, K: Ord>(
    base: Vec<Weight<'a>>,
    head: Vec<Weight<'a>>,
    key: impl Fn(&Weight<'a>) -> K,
    done: &mut Vec<Weight<'a>>,
) -> (Vec<Weight<'a>>, Vec<Weight<'a>>) {
    let mut groups: BTreeMap<K, (Vec<Weight<'a>>, Vec<Weight<'a>>)> = BTreeMap::new();
    for weight in base {
        groups.entry(key(&weight)).or_default().0.push(weight);
    }
    for weight in head {
        groups.entry(key(&weight)).or_default().1.push(weight);
    }
    let (mut base_only, mut head_only) = (Vec::new(), Vec::new());
    for (base, mut head) in groups.into_values() {
        match (base.is_empty(), head.is_empty()) {
            (false, false) => {
                settle(&base, &mut head);
                done.append(&mut head);
            }
            _ => {
                base_only.extend(base);
                head_only.append(&mut head);
            }
        }
    }
    (base_only, head_only)
}

/// Distributes the base's weight over the head's entries of one key.
///
/// Lines shift when something is edited above, so entries of one key are told apart by weight and line
/// together, then by weight, then by line. What remains fills the entries that grew most.
fn settle<'a>(base: &[Weight<'a>], head: &mut [Weight<'a>]) {
    let mut base: Vec<&Weight<'a>> = base.iter().collect();
    base.sort_by_key(|weight| line(weight));
    head.sort_by_key(line);

    let same_weight = |left: &Weight<'_>, right: &Weight<'_>| left.value == right.value;
    let same_line = |left: &Weight<'_>, right: &Weight<'_>| line(left) == line(right);
    pair_up(&mut base, head, |left, right| {
        same_weight(left, right) && same_line(left, right)
    });
    pair_up(&mut base, head, same_weight);
    pair_up(&mut base, head, same_line);

    let mut rest: f64 = base.iter().map(|weight| weight.value).sum();
    head.sort_by(|left, right| {
        (right.value - right.matched).total_cmp(&(left.value - left.matched))
    });
    for entry in head.iter_mut() {
        let taken = rest.min((entry.value - entry.matched).max(0.0));
        entry.matched += taken;
        rest -= taken;
    }
    // More than the head has: this key shrank, and must not look like growth elsewhere.
    if let Some(first) = head.first_mut() {
        first.matched += rest;
    }
}

fn line<'a>(weight: &Weight<'a>) -> (&'a str, u32) {
    (weight.site.file, weight.site.line)
}

/// Gives each base entry that fits an untouched head entry to it, whole, and drops it from `base`.
fn pair_up(
    base: &mut Vec<&Weight<'_>>,
    head: &mut [Weight<'_>],
    fits: impl Fn(&Weight<'_>, &Weight<'_>) -> bool,
) {
    base.retain(|weight| {
        let partner = head
            .iter_mut()
            .find(|entry| entry.matched == 0.0 && fits(weight, entry));
        match partner {
            Some(entry) => {
                entry.matched = weight.value;
                false
            }
            None => true,
        }
    });
}
