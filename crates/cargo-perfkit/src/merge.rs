//! Parts of one case become its measurements and stacks.

use std::collections::BTreeMap;

use perfkit_model::category::Category;
use perfkit_model::lens::Pass;
use perfkit_model::metric::{Noise, metric};
use perfkit_model::part::Part;
use perfkit_model::run::{Case, Measurement};
use perfkit_model::stacks::{Frame, FrameKind, Stacks, StacksBuilder};

/// Columns that hold one moment of one iteration, where all others are sums over all iterations.
const MOMENTS: [&str; 1] = ["heap.peak"];

/// Adds the measurements of one pass, taken by one or several processes.
pub(crate) fn measurements(case: &mut Case, pass: Pass, parts: &[Part]) {
    let mut samples: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in parts.iter().flat_map(|part| &part.iterations) {
        for (id, value) in row {
            samples.entry(id).or_default().push(*value);
        }
    }
    for (id, value) in parts.iter().flat_map(|part| &part.totals) {
        samples.entry(id).or_default().push(*value);
    }
    // What comes through a socket depends on its timing, even where a handful of iterations do not show it.
    let is_alone = samples
        .get("io.bytes")
        .is_none_or(|bytes| bytes.iter().all(|bytes| *bytes == 0.0));
    let repeats = is_alone && case.id.runtime == "current_thread";
    let dropped: u64 = parts.iter().map(|part| part.dropped).sum();
    for (id, samples) in samples {
        let Some(metric) = metric(id) else { continue };
        let mut measurement = measurement(metric.noise, samples, repeats);
        if pass == Pass::Count && dropped > 0 {
            measurement.not_judged = Some(format!("{dropped} events were not counted"));
        }
        case.measurements.insert(id.to_owned(), measurement);
    }
    if let Some(part) = parts.first() {
        // A load has no iterations, and so no units.
        if pass != Pass::Load {
            case.units = part.units;
        }
        if !part.busy.is_empty() {
            case.busy = part.busy.clone();
        }
        if !part.load.is_empty() {
            case.load = part.load.clone();
        }
        if part.stages.is_some() {
            case.stages = part.stages.clone();
        }
    }
}

/// A metric claims what its iterations show, and never more than its class.
fn measurement(class: Noise, samples: Vec<f64>, repeats: bool) -> Measurement {
    let first = samples.first().copied().unwrap_or_default();
    let same = samples.iter().all(|sample| *sample == first);
    let noise = match class {
        Noise::Exact if same && repeats => Noise::Exact,
        Noise::Exact | Noise::NearExact => Noise::NearExact,
        Noise::Noisy => Noise::Noisy,
    };
    Measurement {
        value: median(&samples),
        noise,
        samples,
        not_judged: None,
    }
}

/// The middle value; between the two middle ones of an even number. 0 for none.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Adds the stacks of one part, named by `logical`.
pub(crate) fn stacks(
    builder: &mut StacksBuilder,
    part: &Part,
    mut logical: impl FnMut(&perfkit_model::part::RawStack) -> Vec<Frame>,
) {
    let iterations = part
        .totals
        .get("cpu.iterations")
        .map_or(part.iterations.len() as u32, |iterations| {
            *iterations as u32
        })
        .max(1);
    for stack in &part.stacks {
        let mut path = logical(stack);
        path.extend(stack.operation.as_deref().map(operation));
        let Some(node) = builder.node(&path) else {
            continue;
        };
        for (column, weight) in &stack.weights {
            if let Some(metric) = part.columns.get(usize::from(*column)) {
                let iterations = if MOMENTS.contains(&metric.as_str()) {
                    1
                } else {
                    iterations
                };
                builder.add(node, metric, iterations, *weight);
            }
        }
    }
}

/// Gives every task the place of its body: the first line that was seen of it.
///
/// What the executor does with a task has no line of the user's in its stack, but other stacks of the same task do.
pub(crate) fn locate_tasks(stacks: &mut Stacks) {
    let mut places: BTreeMap<u32, (String, u32)> = BTreeMap::new();
    for node in &stacks.nodes {
        let parent = node
            .parent
            .and_then(|parent| stacks.nodes.get(parent as usize));
        let (Some(parent), Some(body)) = (parent, stacks.frames.get(node.frame as usize)) else {
            continue;
        };
        let is_task = stacks
            .frames
            .get(parent.frame as usize)
            .is_some_and(|frame| frame.kind == FrameKind::Task);
        if is_task && body.kind == FrameKind::Async && body.line > 0 {
            let place = places
                .entry(parent.frame)
                .or_insert_with(|| (body.file.clone(), body.line));
            if place.0 == body.file {
                place.1 = place.1.min(body.line);
            }
        }
    }
    for (frame, (file, line)) in places {
        if let Some(frame) = stacks
            .frames
            .get_mut(frame as usize)
            .filter(|frame| frame.file.is_empty())
        {
            frame.file = file;
            frame.line = line;
        }
    }
}

/// The libc function that a hook stood in for.
fn operation(name: &str) -> Frame {
    Frame {
        name: name.to_owned(),
        kind: FrameKind::Function,
        category: Category::Kernel,
        file: String::new(),
        line: 0,
        size: 0,
    }
}
