//! What carries a difference: which function, line and moved type, and how much of it.
//!
//! Stacks of both sides are matched by whole path, and what remains by the innermost frames, because
//! whole paths break when a dependency or a caller changes. What is left is summed by site: the innermost
//! function of the user's, the line in it, and the type that is moved there.

pub(crate) mod carried;
pub(crate) mod evidence;
pub(crate) mod layout;
mod matching;
mod site;
mod weights;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use perfkit_model::category::Category;
use perfkit_model::comparison::{Cause, MovedType};
use perfkit_model::run::Case;
use perfkit_model::stacks::{Frame, FrameKind, Stacks};

use crate::causes::evidence::{Evidence, Through};
use crate::causes::site::Site;
use crate::causes::weights::Weight;
use crate::environment::Types;
use crate::names::owner;
use crate::pairing::Pair;
use perfkit_model::short_name::short_name;

/// A cause and what its wording needs beyond it.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) cause: Cause,
    /// Events behind the head's bytes (moves, allocations, calls) per iteration, where they are known.
    pub(crate) events: Option<f64>,
    /// Whether the block is likely a boxed future.
    pub(crate) boxed: Boxed,
    /// The standard library's function between the user's and the event.
    pub(crate) through: Option<Through>,
    /// The largest type that the head moves at the very line that allocates: what the block likely holds. Of a whole
    /// function, what it moves in the stack that grew most.
    pub(crate) moved_here: Option<MovedType>,
}

/// Whether a heap block holds a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boxed {
    /// Nothing says so.
    No,
    /// The allocating function is not async itself and shares its name with an async body, which is what
    /// `#[async_trait]` makes of a method.
    Method,
    /// The stack goes through `Box::pin`.
    Pinned,
}

/// Causes that are kept. More than a screen of them is a profile, and there is a report for that.
const MOST_CAUSES: usize = 8;

/// Part of the growth below which a cause is only noise in the list.
const SMALLEST_SHARE: f64 = 0.01;

/// Part of the growth that a place in the code has to carry to be named before something without one.
const PLACED: f64 = 0.2;

/// What carries the growth of `metric`, largest first; empty where stacks cannot tell. All of it: [`kept`] takes
/// what is worth showing.
pub(crate) fn causes(pair: &Pair<'_>, metric: &str, growth: f64, types: Types) -> Vec<Carrier> {
    if !have_stacks(pair, metric) {
        return Vec::new();
    }
    let (base, head) = weights::weights(&pair.base.stacks, &pair.head.stacks, metric, types);
    let matched = matching::subtract(base, head);
    let grain = grain(metric);
    let sums = by_site(matched, grain);

    let stacks = &pair.head.stacks;
    let async_names = async_names(stacks);
    let events = events_by_node(stacks, metric);
    let evidence = Evidence::new(stacks);
    let mut sums: Vec<Sum<'_>> = sums
        .into_values()
        .filter(|sum| sum.head > sum.base)
        .collect();
    sums.sort_by(Sum::order);
    place_first(&mut sums, growth);
    sums.into_iter()
        .map(|sum| {
            let share = (sum.head - sum.base) / growth;
            let carrier = carrier(&sum, share, stacks, &async_names, events.as_ref());
            match grain {
                Grain::Line => evidence.complete(carrier, &sum.site, metric),
                Grain::Function => whole_function(carrier),
            }
        })
        .collect()
}

/// Columns that say where time goes, the surer first.
const WHERE_TIME_GOES: [&str; 2] = [COUNTED, "cpu.samples"];

/// The column whose weights are counted; of any other a difference may be chance.
const COUNTED: &str = "instructions.count";

/// Part of the growth in time by which instructions have to grow, too, to say where it goes.
const EXPLAINED: f64 = 0.5;

/// Standard deviations by which samples have to differ before they are taken for a cause.
const DEVIATIONS: f64 = 3.0;

/// What carries the growth of a time from the first to the second value, from instructions by stack where both sides have
/// them, else from samples. Weights are scaled to the time they stand for.
pub(crate) fn of_time(pair: &Pair<'_>, (base, head): (f64, f64), types: Types) -> Vec<Carrier> {
    let is_there = |column: &&str| {
        let sides = [pair.base, pair.head];
        sides.iter().all(|case| total(case, column) > 0.0)
    };
    let mut columns: Vec<&str> = WHERE_TIME_GOES.into_iter().filter(is_there).collect();
    // Instructions are counted outside of the kernel: where they do not grow with the time, samples know better.
    let counted = total(pair.head, COUNTED) / total(pair.base, COUNTED) - 1.0;
    if columns.len() > 1 && counted < EXPLAINED * (head / base - 1.0) {
        columns.remove(0);
    }
    let column = columns.first().copied();
    let Some(column) = column else {
        return Vec::new();
    };
    let scales = (
        base / total(pair.base, column),
        head / total(pair.head, column),
    );
    // Samples of each side stand for times of their own; what is compared is times.
    let growth = head - base;
    let iterations = iterations(pair.head, column);
    let mut carriers = scaled(pair, column, scales, types);
    carriers.retain(|carrier| {
        let Cause { base, head, .. } = carrier.cause;
        let samples = (base / scales.0 + head / scales.1) * iterations;
        let deviation = samples.sqrt() * scales.1 / iterations;
        column == COUNTED || head - base > DEVIATIONS * deviation
    });
    for carrier in &mut carriers {
        carrier.cause.share = (carrier.cause.head - carrier.cause.base) / growth;
    }
    carriers
}

/// Carriers of a column of time, by function: one function's time is spread over its lines.
fn scaled(pair: &Pair<'_>, column: &str, scales: (f64, f64), types: Types) -> Vec<Carrier> {
    let (mut base, mut head) =
        weights::weights(&pair.base.stacks, &pair.head.stacks, column, types);
    base.iter_mut().for_each(|weight| weight.value *= scales.0);
    head.iter_mut().for_each(|weight| weight.value *= scales.1);
    let mut sums: BTreeMap<(&str, bool), Sum<'_>> = BTreeMap::new();
    let mut gone: BTreeMap<(&str, bool), f64> = BTreeMap::new();
    for weight in &base {
        *gone
            .entry((weight.site.function, weight.site.is_async))
            .or_default() += weight.value;
    }
    for weight in head {
        let key = (weight.site.function, weight.site.is_async);
        let sum = sums.entry(key).or_insert_with(|| Sum {
            site: weight.site,
            base: gone.get(&key).copied().unwrap_or_default(),
            head: 0.0,
            nodes: Vec::new(),
            heaviest: (weight.value, weight.node),
        });
        sum.head += weight.value;
        sum.nodes.push(weight.node);
        if weight.value > sum.heaviest.0 {
            sum.heaviest = (weight.value, weight.node);
            sum.site = weight.site;
        }
    }
    let mut sums: Vec<Sum<'_>> = sums
        .into_values()
        .filter(|sum| sum.head > sum.base)
        .collect();
    sums.sort_by(Sum::order);
    let growth = sums.iter().map(Sum::growth).sum();
    place_first(&mut sums, growth);
    let stacks = &pair.head.stacks;
    let async_names = async_names(stacks);
    sums.into_iter()
        .map(|sum| carrier(&sum, 0.0, stacks, &async_names, None))
        .collect()
}

/// Weight of a column per iteration.
fn total(case: &Case, column: &str) -> f64 {
    let column = case.stacks.column(column);
    column.map_or(0.0, |column| {
        column.total() as f64 / f64::from(column.iterations.max(1))
    })
}

fn iterations(case: &Case, column: &str) -> f64 {
    let column = case.stacks.column(column);
    column.map_or(1.0, |column| f64::from(column.iterations.max(1)))
}

/// The causes worth showing.
pub(crate) fn kept(carriers: Vec<Carrier>) -> Vec<Cause> {
    carriers
        .into_iter()
        .map(|carrier| Cause {
            through: carrier.through.map(|through| through.name().to_owned()),
            ..carrier.cause
        })
        .enumerate()
        // Where others shrank as much the share means nothing, and nothing is left out for it.
        .filter(|(index, cause)| {
            *index == 0
                || !cause.share.is_finite()
                || cause.share < 0.0
                || cause.share >= SMALLEST_SHARE
        })
        .map(|(_, cause)| cause)
        .take(MOST_CAUSES)
        .collect()
}

/// Where the head's buffers likely grow more often than the base's did: allocations that pass through a
/// growing method of the standard library. For when reallocations have no stacks of their own.
pub(crate) fn growing_buffers(pair: &Pair<'_>, types: Types) -> Vec<Carrier> {
    let count = |case: &Case| value(case, "heap.allocs").unwrap_or_default();
    let growth = count(pair.head) - count(pair.base);
    let mut carriers = causes(pair, "heap.allocs", growth, types);
    carriers.retain(|carrier| carrier.through.as_ref().is_some_and(Through::grows));
    carriers
}

/// Whether the stacks of both sides speak of this metric. No column is an answer (nothing was seen) where
/// the side has other columns or nothing to attribute, and none where its stacks are gone.
pub(crate) fn have_stacks(pair: &Pair<'_>, metric: &str) -> bool {
    let base_is_known = pair.base.stacks.column(metric).is_some()
        || !pair.base.stacks.columns.is_empty()
        || value(pair.base, metric) == Some(0.0);
    base_is_known && pair.head.stacks.column(metric).is_some()
}

/// What is one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    /// A line, and the type that is moved there: events happen at one place.
    Line,
    /// A function: every line of it executes instructions, and one change touches many of them.
    Function,
}

fn grain(metric: &str) -> Grain {
    match metric {
        "instructions.count" => Grain::Function,
        _ => Grain::Line,
    }
}

/// Every stack of one site.
#[derive(Debug)]
struct Sum<'a> {
    /// Of a function, the place in it that grew most.
    site: Site<'a>,
    base: f64,
    head: f64,
    nodes: Vec<u32>,
    /// The stack that grew most, and by how much.
    heaviest: (f64, u32),
}

impl Sum<'_> {
    fn growth(&self) -> f64 {
        self.head - self.base
    }

    /// The one that grew most first.
    fn order(left: &Self, right: &Self) -> Ordering {
        let by_growth = right.growth().total_cmp(&left.growth());
        by_growth.then_with(|| left.site.cmp(&right.site))
    }
}

/// Puts what can be looked up in the user's code before what cannot, if it carries enough to be worth looking at: a `futex`
/// without a caller is nothing that anybody can mend.
fn place_first(sums: &mut [Sum<'_>], growth: f64) {
    let is_place = |sum: &Sum<'_>| !sum.site.file.is_empty() && sum.growth() >= PLACED * growth;
    sums.sort_by_key(|sum| !is_place(sum));
}

fn by_site(weights: Vec<Weight<'_>>, grain: Grain) -> BTreeMap<Site<'_>, Sum<'_>> {
    let mut sums = BTreeMap::new();
    for weight in weights {
        let growth = weight.value - weight.matched;
        let key = match grain {
            Grain::Line => weight.site,
            Grain::Function => weight.site.of_function(),
        };
        let sum = sums.entry(key).or_insert_with(|| Sum {
            site: weight.site,
            base: 0.0,
            head: 0.0,
            nodes: Vec::new(),
            heaviest: (growth, weight.node),
        });
        sum.base += weight.matched;
        sum.head += weight.value;
        sum.nodes.push(weight.node);
        if growth > sum.heaviest.0 {
            sum.site = weight.site;
            sum.heaviest = (growth, weight.node);
        }
    }
    sums
}

fn carrier(
    sum: &Sum<'_>,
    share: f64,
    stacks: &Stacks,
    async_names: &HashSet<&str>,
    events: Option<&BTreeMap<u32, f64>>,
) -> Carrier {
    let path = stacks.path(sum.heaviest.1);
    let site = sum.site;
    Carrier {
        cause: Cause {
            function: site.function.to_owned(),
            is_async: site.is_async,
            location: site.location(),
            through: None,
            ty: site.ty.as_ref().map(evidence::moved_type),
            base: sum.base,
            head: sum.head,
            share,
            stack: path.iter().map(|frame| label(frame)).collect(),
        },
        events: events.map(|events| {
            let of_node = |node| events.get(node).copied().unwrap_or_default();
            sum.nodes.iter().map(of_node).sum()
        }),
        boxed: boxed(&path, async_names),
        through: site::through(&path).map(|frame| Through::Seen(short_name(&frame.name))),
        moved_here: None,
    }
}

/// What is said of a function as a whole: it does much beside its boxes, and what it moves where it grew most is a
/// reason for the growth and not what was counted.
fn whole_function(mut carrier: Carrier) -> Carrier {
    carrier.moved_here = carrier.cause.ty.take();
    carrier.boxed = Boxed::No;
    carrier
}

/// How many events each node's bytes are, per iteration; `None` for metrics that count events themselves.
fn events_by_node(stacks: &Stacks, metric: &str) -> Option<BTreeMap<u32, f64>> {
    let column = stacks.column(events_metric(metric)?)?;
    let iterations = f64::from(column.iterations.max(1));
    let per_iteration = |(node, weight): &(u32, u64)| (*node, *weight as f64 / iterations);
    Some(column.weights.iter().map(per_iteration).collect())
}

/// The metric that counts the events whose bytes `metric` sums.
fn events_metric(metric: &str) -> Option<&'static str> {
    match metric {
        "memcpy.bytes" => Some("memcpy.calls"),
        "heap.bytes" => Some("heap.allocs"),
        "io.bytes" => Some("io.calls"),
        _ => None,
    }
}

fn async_names(stacks: &Stacks) -> HashSet<&str> {
    stacks
        .frames
        .iter()
        .filter(|frame| frame.kind == FrameKind::Async)
        .map(|frame| owner(&frame.name))
        .collect()
}

fn boxed(path: &[&Frame], async_names: &HashSet<&str>) -> Boxed {
    let Some(position) = site::innermost_user(path) else {
        return Boxed::No;
    };
    let pins = |frame: &&Frame| frame.name.contains("Box") && frame.name.ends_with("::pin");
    if path[position..].iter().any(pins) {
        return Boxed::Pinned;
    }
    // A function that spawns a task or fills a buffer beside its async block allocates through others.
    let function = path[position];
    let is_direct = path[position + 1..].iter().all(|frame| {
        frame.category == Category::Allocator
            || frame.name.contains("Box")
            || frame.name.starts_with("alloc::alloc::")
    });
    if is_direct
        && function.kind == FrameKind::Function
        && async_names.contains(function.name.as_str())
    {
        return Boxed::Method;
    }
    Boxed::No
}

/// One level of a stack as a person reads it.
fn label(frame: &Frame) -> String {
    let name = short_name(&frame.name);
    let mut text = match frame.kind {
        FrameKind::Async if !name.starts_with("async ") => format!("async fn {name}"),
        FrameKind::Task if !name.contains("task ") => format!("task {name}"),
        FrameKind::Moved => format!("move of {name} ({} B)", frame.size),
        FrameKind::Candidate => format!("move of likely {name} ({} B)", frame.size),
        FrameKind::Unknown if name.is_empty() => "unknown".to_owned(),
        _ => name,
    };
    if !frame.file.is_empty() && !frame.is_std() {
        text.push_str(&format!(" at {}:{}", frame.file, frame.line));
    }
    text
}

fn value(case: &Case, metric: &str) -> Option<f64> {
    case.measurements
        .get(metric)
        .map(|measurement| measurement.value)
}
