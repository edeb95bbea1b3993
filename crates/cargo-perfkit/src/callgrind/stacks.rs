//! Call stacks out of callgrind's contexts.
//!
//! callgrind tells a function apart by the chain of functions that led to it, so nearly every context has one caller.
//! Where it has several, because a function calls another in two places or because a chain is deeper than callgrind
//! looks, its instructions are divided as the calls are: by the instructions that they executed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use perfkit_model::part::RawStack;

use super::dump::{Dump, Place};

/// Frames of a stack; more lose their root.
const DEEPEST: usize = 128;
/// Ways to one context that are told apart, those with the most instructions.
const MOST_WAYS: usize = 4;

/// A stack that has less than one instruction in so many of the file's goes with the heaviest instruction and the main way of
/// its context. A service that speaks TLS has millions of such, which nobody reads and which take gigabytes.
const FINEST: u64 = 1_000_000;

/// Adds the stacks of one file: frames, leaf first, to instructions. Returns how many ways were deeper than is kept.
pub(super) fn add(
    dump: &Dump,
    biases: &HashMap<u32, u64>,
    weights: &mut BTreeMap<Vec<u64>, u64>,
) -> u64 {
    // What lies in no known object, such as code made at run time, has no address that means anything.
    let address = |place: &Place| match biases.get(&place.object) {
        Some(bias) => place.address.wrapping_add(*bias),
        None => 0,
    };
    let ways = Ways::of(dump);
    let least = dump.total / FINEST;
    let mut cut = 0;
    for (number, function) in &dump.functions {
        if function.own.is_empty() {
            continue;
        }
        let mut callers: Vec<Vec<u64>> = Vec::new();
        let mut shares: Vec<f64> = Vec::new();
        let own = coarse(&function.own, least);
        let sum = own
            .iter()
            .fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        let is_small = sum < least;
        let kept = if is_small { 1 } else { MOST_WAYS };
        for way in ways.to(*number).iter().take(kept) {
            // The address after the beginning of a call stands for the call, as a return address does.
            let frames = ways
                .callers(*way)
                .map(|place| address(&place).wrapping_add(1));
            let mut frames: Vec<u64> = frames.take(DEEPEST + 1).collect();
            cut += u64::from(frames.len() > DEEPEST);
            frames.truncate(DEEPEST);
            callers.push(frames);
            shares.push(way.share);
        }
        for (place, count) in own {
            for (callers, part) in callers.iter().zip(divided(count, &shares)) {
                if part > 0 {
                    let mut frames = Vec::with_capacity(callers.len() + 1);
                    frames.push(address(&place));
                    frames.extend_from_slice(callers);
                    *weights.entry(frames).or_default() += part;
                }
            }
        }
    }
    cut
}

/// The instructions of a context, those that executed less often than `least` with the heaviest one.
fn coarse(own: &[(Place, u64)], least: u64) -> Vec<(Place, u64)> {
    let Some(heaviest) = (0..own.len()).max_by_key(|index| own[*index].1) else {
        return Vec::new();
    };
    let is_kept = |index: usize, count: u64| index == heaviest || count >= least;
    let small = own.iter().enumerate();
    let small: u64 = small
        .filter(|(index, (_, count))| !is_kept(*index, *count))
        .fold(0, |sum, (_, (_, count))| sum.saturating_add(*count));
    own.iter()
        .enumerate()
        .filter(|(index, (_, count))| is_kept(*index, *count))
        .map(|(index, (place, count))| match index == heaviest {
            true => (*place, count.saturating_add(small)),
            false => (*place, *count),
        })
        .collect()
}

/// Stacks as a part has them.
pub(super) fn raw(weights: BTreeMap<Vec<u64>, u64>) -> Vec<RawStack> {
    weights
        .into_iter()
        .map(|(frames, weight)| RawStack {
            frames,
            exact_leaf: true,
            thread: None,
            operation: None,
            weights: vec![(0, weight)],
        })
        .collect()
}

/// A whole number by shares that sum to 1, so that the parts sum to it.
fn divided(count: u64, shares: &[f64]) -> Vec<u64> {
    let mut given = 0;
    let mut sum = 0.0;
    let last = shares.len().saturating_sub(1);
    let parts = shares.iter().enumerate().map(|(index, share)| {
        sum += share;
        let until = if index == last {
            count
        } else {
            ((count as f64 * sum) as u64).clamp(given, count)
        };
        let part = until - given;
        given = until;
        part
    });
    parts.collect()
}

/// The ways to every context.
#[derive(Debug, Default)]
struct Ways {
    /// Calls, each with the one before it by its index, so that ways share what they have in common.
    steps: Vec<(Place, Option<usize>)>,
    ways: HashMap<u32, Vec<Way>>,
}

/// One way to a context.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Index of the call that leads into it; none at a root.
    step: Option<usize>,
    /// Part of the context's instructions that came this way.
    share: f64,
}

/// How a context is reached.
#[derive(Debug, Default)]
struct Incoming {
    /// Caller, calling instruction, instructions executed.
    calls: Vec<(u32, Place, u64)>,
    /// Calls of callers whose own ways are not known yet.
    waiting: usize,
}

impl Ways {
    /// Callers come before what they call. Of contexts that call each other in a circle one has to go first: one that
    /// is also called from outside, where there is such.
    fn of(dump: &Dump) -> Self {
        let mut incoming: BTreeMap<u32, Incoming> = BTreeMap::new();
        for (caller, function) in &dump.functions {
            incoming.entry(*caller).or_default();
            // A function that calls itself is one context, which is no way to it.
            for call in function.calls.iter().filter(|call| call.to != *caller) {
                let entry = incoming.entry(call.to).or_default();
                entry.calls.push((*caller, call.from, call.inclusive));
                entry.waiting += 1;
            }
        }
        let (mut ready, mut rest): (BTreeSet<u32>, BTreeSet<u32>) = incoming
            .keys()
            .partition(|context| incoming[*context].waiting == 0);
        let mut reached: BTreeSet<u32> = BTreeSet::new();
        let mut ways = Self::default();
        while let Some(context) = ready
            .pop_first()
            .or_else(|| reached.pop_first())
            .or_else(|| rest.first().copied())
        {
            rest.remove(&context);
            ways.find(context, &incoming[&context]);
            let calls = dump.functions.get(&context).map(|function| &function.calls);
            for call in calls.into_iter().flatten() {
                let Some(called) = incoming.get_mut(&call.to).filter(|_| call.to != context) else {
                    continue;
                };
                called.waiting -= 1;
                if !rest.contains(&call.to) {
                    continue;
                }
                reached.insert(call.to);
                if called.waiting == 0 {
                    rest.remove(&call.to);
                    reached.remove(&call.to);
                    ready.insert(call.to);
                }
            }
        }
        ways
    }

    /// Finds the ways to one context through those callers whose ways are known.
    fn find(&mut self, context: u32, incoming: &Incoming) {
        let mut found: Vec<(Place, Way)> = Vec::new();
        for (caller, from, inclusive) in &incoming.calls {
            for before in self.to(*caller) {
                // Calls that executed nothing, as the file has it, are calls all the same.
                let share = before.share * (*inclusive).max(1) as f64;
                found.push((*from, Way { share, ..*before }));
            }
        }
        // The order of equal ones is that of the file, so that the answer repeats.
        found.sort_by(|(_, left), (_, right)| right.share.total_cmp(&left.share));
        found.truncate(MOST_WAYS);
        let sum: f64 = found.iter().map(|(_, way)| way.share).sum();
        let mut ways: Vec<Way> = Vec::with_capacity(found.len().max(1));
        for (from, before) in found {
            self.steps.push((from, before.step));
            ways.push(Way {
                step: Some(self.steps.len() - 1),
                share: before.share / sum,
            });
        }
        if ways.is_empty() {
            ways.push(Way {
                step: None,
                share: 1.0,
            });
        }
        self.ways.insert(context, ways);
    }

    fn to(&self, context: u32) -> &[Way] {
        self.ways.get(&context).map_or(&[], Vec::as_slice)
    }

    /// Calling instructions, innermost first.
    fn callers(&self, way: Way) -> impl Iterator<Item = Place> {
        let mut next = way.step;
        std::iter::from_fn(move || {
            let (from, before) = self.steps.get(next?)?;
            next = *before;
            Some(*from)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::dump::{Call, Function};
    use super::*;

    /// Functions: number, own instructions by address, calls as (address, callee, instructions).
    type Row<'a> = (u32, &'a [(u64, u64)], &'a [(u64, u32, u64)]);

    fn stacks(rows: &[Row<'_>]) -> BTreeMap<Vec<u64>, u64> {
        let place = |address: &u64| Place {
            object: 1,
            address: *address,
        };
        let function = |(number, own, calls): &Row<'_>| {
            let own = own.iter().map(|(at, count)| (place(at), *count));
            let calls = calls.iter().map(|(at, to, inclusive)| Call {
                from: place(at),
                to: *to,
                inclusive: *inclusive,
            });
            let function = Function {
                own: own.collect(),
                calls: calls.collect(),
            };
            (*number, function)
        };
        let dump = Dump {
            functions: rows.iter().map(function).collect(),
            ..Dump::default()
        };
        let mut weights = BTreeMap::new();
        add(&dump, &HashMap::from([(1, 1_000)]), &mut weights);
        weights
    }

    fn total(rows: &[Row<'_>]) -> u64 {
        rows.iter()
            .flat_map(|(_, own, _)| *own)
            .map(|(_, count)| count)
            .sum()
    }

    #[test]
    fn a_chain_of_callers() {
        let rows: [Row<'_>; 3] = [
            (1, &[(10, 1), (12, 1)], &[(12, 2, 7)]),
            (2, &[(20, 2)], &[(21, 3, 5)]),
            (3, &[(30, 4), (31, 1)], &[]),
        ];
        // Addresses are those of the process, and a call is named by the address behind its beginning.
        assert_eq!(
            stacks(&rows),
            BTreeMap::from([
                (vec![1_010], 1),
                (vec![1_012], 1),
                (vec![1_020, 1_013], 2),
                (vec![1_030, 1_022, 1_013], 4),
                (vec![1_031, 1_022, 1_013], 1),
            ])
        );
    }

    #[test]
    fn two_calls_of_one_function_share_what_it_did() {
        let rows: [Row<'_>; 2] = [
            (1, &[(10, 1)], &[(11, 2, 6), (12, 2, 3)]),
            (2, &[(20, 9)], &[]),
        ];
        let found = stacks(&rows);
        assert_eq!(found[&vec![1_020, 1_012]], 6);
        assert_eq!(found[&vec![1_020, 1_013]], 3);
        // Nothing gets lost where there are more ways than are told apart.
        let calls: Vec<(u64, u32, u64)> = (0..20).map(|at| (at, 2, at)).collect();
        let rows: [Row<'_>; 2] = [(1, &[], &calls), (2, &[(20, 1_001)], &[])];
        let found = stacks(&rows);
        assert_eq!(found.len(), MOST_WAYS);
        assert_eq!(found.values().sum::<u64>(), 1_001);
    }

    /// A dump whose total says that 10 instructions are little.
    #[test]
    fn what_nobody_would_see_goes_with_the_heaviest() {
        let place = |address: u64| Place { object: 1, address };
        let function = |own: &[(u64, u64)], calls: &[(u64, u32, u64)]| Function {
            own: own.iter().map(|(at, count)| (place(*at), *count)).collect(),
            calls: calls
                .iter()
                .map(|(at, to, inclusive)| Call {
                    from: place(*at),
                    to: *to,
                    inclusive: *inclusive,
                })
                .collect(),
        };
        let dump = Dump {
            functions: [
                (
                    1,
                    function(&[(10, 5), (12, 100), (14, 9)], &[(16, 2, 3), (18, 2, 4)]),
                ),
                (2, function(&[(20, 4), (22, 3)], &[])),
            ]
            .into(),
            total: 10 * FINEST,
            ..Dump::default()
        };
        let mut weights = BTreeMap::new();
        add(&dump, &HashMap::from([(1, 0)]), &mut weights);
        assert_eq!(
            weights,
            BTreeMap::from([(vec![12], 114), (vec![20, 19], 7)])
        );
    }

    #[test]
    fn circles_come_to_an_end() {
        let rows: [Row<'_>; 4] = [
            // Reached from outside, and by itself.
            (1, &[(10, 1)], &[(11, 3, 8)]),
            (2, &[(20, 2)], &[(21, 3, 4), (22, 2, 1)]),
            (3, &[(30, 3)], &[(31, 2, 6)]),
            // Called by nobody else, and calls what is not there.
            (4, &[(40, 5)], &[(41, 4, 5), (42, 9, 1)]),
        ];
        let found = stacks(&rows);
        assert_eq!(found.values().sum::<u64>(), total(&rows));
        assert_eq!(found[&vec![1_030, 1_012]], 3);
        assert_eq!(found[&vec![1_020, 1_032, 1_012]], 2);
        assert_eq!(found[&vec![1_040]], 5);
        let only_circle: [Row<'_>; 2] = [
            (1, &[(10, 1)], &[(11, 2, 1)]),
            (2, &[(20, 1)], &[(21, 1, 1)]),
        ];
        assert_eq!(stacks(&only_circle).values().sum::<u64>(), 2);
    }

    #[test]
    fn a_deep_chain_loses_its_root() {
        let numbers = 1..100_000_u32;
        let calls: Vec<[(u64, u32, u64); 1]> = numbers
            .clone()
            .map(|number| [(u64::from(number), number + 1, 1)])
            .collect();
        let rows: Vec<Row<'_>> = numbers
            .zip(&calls)
            .map(|(number, calls)| (number, &[][..], &calls[..]))
            .chain([(100_000, &[(7, 3)][..], &[][..])])
            .collect();
        let found = stacks(&rows);
        let (frames, count) = found.first_key_value().unwrap();
        assert_eq!((frames.len(), *count), (DEEPEST + 1, 3));
    }

    #[test]
    fn extreme_counts() {
        let rows: [Row<'_>; 3] = [
            (1, &[], &[(11, 2, u64::MAX), (12, 2, 0), (13, 2, u64::MAX)]),
            (2, &[(20, u64::MAX)], &[(21, 3, 1)]),
            (3, &[(u64::MAX, 1)], &[]),
        ];
        let found = stacks(&rows);
        let own: Vec<u64> = found
            .iter()
            .filter(|(frames, _)| frames[0] == 1_020)
            .map(|(_, count)| *count)
            .collect();
        assert_eq!(
            own.iter().map(|count| u128::from(*count)).sum::<u128>(),
            u128::from(u64::MAX)
        );
    }
}
