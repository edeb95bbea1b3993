//! Where the time goes: one bar whose parts sum to the whole.

use std::collections::BTreeMap;

use perfkit_model::category::Category;
use perfkit_model::run::Case;

/// Most parts a bar has; what is smaller is drawn as one. What is unknown is never hidden in it.
const MOST_PARTS: usize = 9;

/// The CPU samples of one case by kind of code, base beside head.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Largest of the head first.
    pub(crate) parts: Vec<Part>,
    /// Samples of the head.
    pub(crate) samples: u64,
    /// Samples of the base, where it has any.
    pub(crate) base_samples: Option<u64>,
    /// Half the 95 % interval of the head's largest part, as a share.
    pub(crate) margin: f64,
}

/// One part of the bar.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its category; `None` for the sum of the small ones.
    pub(crate) category: Option<Category>,
    /// Word in legends.
    pub(crate) label: String,
    /// Thousandths of the head. They sum to 1,000 over the parts.
    pub(crate) head: u32,
    /// Thousandths of the base.
    pub(crate) base: Option<u32>,
}

/// The bar of a case; `None` where it has no CPU samples.
pub(crate) fn parts(case: &Case, base: Option<&Case>) -> Option<Parts> {
    let head = case.stacks.breakdown("cpu.samples");
    let samples: u64 = head.values().sum();
    if samples == 0 {
        return None;
    }
    let base = base
        .map(|base| base.stacks.breakdown("cpu.samples"))
        .unwrap_or_default();
    let base_samples = Some(base.values().sum()).filter(|samples| *samples > 0);
    let groups = groups(&head, &base);
    let sums = |side: &BTreeMap<Category, u64>| -> Vec<u64> {
        let weight = |category: &Category| side.get(category).copied().unwrap_or(0);
        let groups = groups.iter();
        groups.map(|group| group.iter().map(weight).sum()).collect()
    };
    let head = sums(&head);
    let head_thousandths = thousandths(&head);
    let base_thousandths = base_samples.map(|_| thousandths(&sums(&base)));
    let parts = groups
        .iter()
        .enumerate()
        .map(|(index, group)| Part {
            category: (group.len() == 1).then(|| group[0].clone()),
            label: match group.as_slice() {
                [category] => crate::text::name(category.as_str(), 40),
                group => format!("{} smaller", group.len()),
            },
            head: head_thousandths[index],
            base: base_thousandths.as_ref().map(|base| base[index]),
        })
        .collect();
    let largest = head.iter().copied().max().unwrap_or(0);
    Some(Parts {
        parts,
        samples,
        base_samples,
        margin: margin(largest, samples),
    })
}

/// Categories that get a part of their own, largest of the head first, and the small ones together.
fn groups(head: &BTreeMap<Category, u64>, base: &BTreeMap<Category, u64>) -> Vec<Vec<Category>> {
    let weight = |side: &BTreeMap<Category, u64>, category: &Category| {
        side.get(category).copied().unwrap_or(0)
    };
    let mut categories: Vec<Category> = head.keys().chain(base.keys()).cloned().collect();
    categories.sort();
    categories.dedup();
    categories.sort_by_key(|category| {
        std::cmp::Reverse((weight(head, category), weight(base, category)))
    });
    let mut groups: Vec<Vec<Category>> = Vec::new();
    let mut small = Vec::new();
    let many = categories.len() > MOST_PARTS;
    for category in categories {
        if many && groups.len() + 1 >= MOST_PARTS && category != Category::Unknown {
            small.push(category);
        } else {
            groups.push(vec![category]);
        }
    }
    if !small.is_empty() {
        groups.push(small);
    }
    groups
}

/// Rounds shares to thousandths that sum to 1,000 (largest remainder).
fn thousandths(weights: &[u64]) -> Vec<u32> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: &u64| u128::from(*weight) * 1000;
    let mut rounded: Vec<u32> = weights
        .iter()
        .map(|weight| (exact(weight) / total) as u32)
        .collect();
    let missing = 1000 - rounded.iter().sum::<u32>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]) % total));
    for index in order.into_iter().take(missing as usize) {
        rounded[index] += 1;
    }
    rounded
}

/// Half the width of Wilson's 95 % interval of a binomial share.
///
/// Wilson's and not the normal approximation, which claims ±0 for a share of 100 % (Brown, Cai and
/// DasGupta, "Interval Estimation for a Binomial Proportion", 2001).
fn margin(weight: u64, samples: u64) -> f64 {
    const Z: f64 = 1.96;
    let samples = samples as f64;
    let share = weight as f64 / samples;
    let square = Z * Z / samples;
    Z / (1.0 + square) * (share * (1.0 - share) / samples + square / (4.0 * samples)).sqrt()
}
