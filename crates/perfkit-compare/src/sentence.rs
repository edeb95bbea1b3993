//! The words of a finding.

use perfkit_model::comparison::{Cause, Estimate, MovedType, Naming};
use perfkit_model::layout::TypeLayout;
use perfkit_model::metric::{Metric, Unit};
use perfkit_model::quantity::{Quantity, change, grouped};

use perfkit_model::type_words::type_words;

use crate::causes::carried::{Carried, carried};
use crate::causes::evidence::Through;
use crate::causes::layout::{Lopsided, lopsided};
use crate::causes::{Boxed, Carrier};
use perfkit_model::short_name::short_name;

/// What a rule's message is filled with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) base: f64,
    pub(crate) head: f64,
    /// Widest difference between iterations of the head.
    pub(crate) spread: f64,
    /// What was estimated, for timings.
    pub(crate) estimate: Option<Estimate>,
}

/// One line: what happened, with numbers.
pub(crate) fn fact(template: &str, metric: &Metric, numbers: Numbers) -> String {
    let quantity = |value| Quantity {
        value,
        unit: metric.unit,
    };
    // A ratio to nothing says nothing.
    let template = if numbers.base == 0.0 {
        template.replace("{change}, from {base} to", "from nothing to")
    } else {
        template.to_owned()
    };
    template
        .replace("{title}", metric.title)
        .replace("{base}", &quantity(numbers.base).to_string())
        .replace("{head}", &quantity(numbers.head).to_string())
        .replace("{spread}", &quantity(numbers.spread).to_string())
        .replace("{change}", &grown(numbers))
}

/// The fact with its first cause behind it. Where most moved types hold one and the same type, that one comes first.
pub(crate) fn message(
    fact: &str,
    metric: &Metric,
    carriers: &[Carrier],
    enums: &[TypeLayout],
) -> String {
    let mut text = fact.to_owned();
    let carried = carried(carriers, enums);
    // What is named as the largest part of a group has to belong to it.
    let holds = |carrier: &&Carrier| match (&carried, &carrier.cause.ty) {
        (Some(carried), Some(ty)) => type_words(&ty.name).contains(carried.name.as_str()),
        (carried, _) => carried.is_none(),
    };
    let first = carriers
        .iter()
        .find(holds)
        .map(|carrier| cause(metric, carrier));
    let variant = lopsided(carried.as_ref(), carriers, enums);
    match (carried, first) {
        (Some(carried), Some(first)) => {
            let why = variant.map(|enumeration| format!(" (its {})", large_variant(&enumeration)));
            text.push_str(&format!(
                ": {}{}, most of all {first}",
                held(metric, &carried),
                why.unwrap_or_default()
            ));
        }
        (None, Some(first)) => {
            let group = boxed_group(metric, carriers).map(|group| format!("{group}, most of all "));
            text.push_str(&format!(": {}{first}", group.unwrap_or_default()));
            if let Some(enumeration) = variant {
                text.push_str(&format!(
                    "; of `{}` the {}",
                    enumeration.name,
                    large_variant(&enumeration)
                ));
            }
        }
        (_, None) => {}
    }
    text
}

/// By how much; of timings also how sure that is: `+5.1 % (4.2 to 6.0 %, 12 pairs)`.
fn grown(numbers: Numbers) -> String {
    let Some(estimate) = numbers.estimate else {
        return change(numbers.base, numbers.head);
    };
    format!(
        "{} ({:.1} to {:.1} %, {} pairs)",
        change(1.0, 1.0 + estimate.effect),
        100.0 * estimate.low,
        100.0 * estimate.high,
        estimate.pairs
    )
}

/// `variant `Corrupt` is 50 008 B, the next 24 B`.
fn large_variant(enumeration: &Lopsided) -> String {
    let Lopsided { variant, next, .. } = enumeration;
    format!(
        "variant `{}` is {} B, the next {} B",
        variant.name,
        grouped(variant.end),
        grouped(*next)
    )
}

/// All that is likely boxed by `#[async_trait]`, where several methods are and the first cause is one of them.
fn boxed_group(metric: &Metric, carriers: &[Carrier]) -> Option<String> {
    let boxed = |carrier: &&Carrier| carrier.boxed == Boxed::Method;
    if metric.lens != "heap"
        || carriers.iter().filter(boxed).count() < 2
        || carriers.first().filter(boxed).is_none()
    {
        return None;
    }
    let growth = carriers
        .iter()
        .filter(boxed)
        .map(|carrier| carrier.cause.head - carrier.cause.base)
        .sum();
    let what = match metric.unit {
        Unit::Count => counted(growth, "boxed future"),
        unit => format!(
            "{} of boxed futures",
            Quantity {
                value: growth,
                unit
            }
        ),
    };
    Some(format!("likely {what} of `#[async_trait]`"))
}

/// `48.1 MB in 962 moves of values that hold `Error``.
fn held(metric: &Metric, carried: &Carried) -> String {
    let growth = Quantity {
        value: carried.growth,
        unit: metric.unit,
    };
    let moves = carried
        .moves
        .filter(|_| metric.unit == Unit::Bytes)
        .map(|moves| format!(" in {}", counted(moves, "move")));
    let noun = if metric.unit == Unit::Bytes {
        " of values"
    } else {
        " moves of values"
    };
    format!(
        "{growth}{}{noun} that hold `{}`",
        moves.unwrap_or_default(),
        carried.name
    )
}

/// `48.1 MB in 962 moves of `Result<Code, Error>` (50 008 B) at `src/store.rs:88` in `async fn reassemble``.
fn cause(metric: &Metric, carrier: &Carrier) -> String {
    let Cause { base, head, .. } = carrier.cause;
    let growth = Quantity {
        value: head - base,
        unit: metric.unit,
    };
    let more = if base > 0.0 { " more" } else { "" };
    let events = carrier.events.filter(|events| *events > 0.0);
    let event = event(metric, carrier);
    let what = match (metric.unit, events) {
        (Unit::Nanoseconds, _) => format!("{growth}{more}"),
        (Unit::Bytes, Some(count)) => {
            let joint = if base > 0.0 { "over" } else { "in" };
            format!("{growth}{more} {joint} {}", counted(count, event))
        }
        (Unit::Bytes, None) => format!("{growth}{more} {event}"),
        _ => {
            let noun = counted(head - base, event);
            // The number may be `45.0 k`; the noun is one word.
            match noun.rsplit_once(' ') {
                Some((number, noun)) if base > 0.0 => format!("{number}{more} {noun}"),
                _ => noun,
            }
        }
    };
    let mut text = what;
    if let Some(ty) = &carrier.cause.ty {
        let joint = if event == UNCOUNTED_MOVE { "" } else { " of" };
        text.push_str(&format!("{joint} {}", named(ty)));
    }
    text.push_str(&place(&carrier.cause));
    match &carrier.through {
        Some(Through::Seen(name)) => text.push_str(&format!(" through `{name}`")),
        Some(Through::Likely(name)) => text.push_str(&format!(", likely through `{name}`")),
        None => {}
    }
    let is_typed = carrier.through.as_ref().is_some_and(Through::is_typed);
    if let Some(ty) = carrier.moved_here.as_ref().filter(|_| !is_typed) {
        text.push_str(&format!(", where {} is moved", named(ty)));
    }
    match carrier.boxed {
        Boxed::No => {}
        Boxed::Method => text.push_str(", likely boxed futures of `#[async_trait]`"),
        Boxed::Pinned => text.push_str(", likely boxed futures"),
    }
    text
}

/// A moved type with its size; a guess says that it is one.
fn named(ty: &MovedType) -> String {
    let (name, size) = (short_name(&ty.name), grouped(ty.size));
    match ty.way {
        Naming::Annotated => format!("`{name}` ({size} B)"),
        Naming::Candidate => format!("likely `{name}` ({size} B; a guess by size)"),
    }
}

/// Where nobody counted how often a type was moved.
const UNCOUNTED_MOVE: &str = "moved as";

/// What happens at the cause, in the singular for counts.
fn event(metric: &Metric, carrier: &Carrier) -> &'static str {
    let is_typed = carrier.cause.ty.is_some();
    match (metric.id, carrier.events) {
        ("memcpy.bytes", None) if is_typed => UNCOUNTED_MOVE,
        ("memcpy.bytes", None) => "copied",
        ("memcpy.calls" | "memcpy.bytes", _) if is_typed => "move",
        ("memcpy.calls" | "memcpy.bytes", _) => "copy",
        ("instructions.count", _) => "instruction",
        ("heap.bytes", None) => "allocated",
        ("heap.allocs" | "heap.bytes", _) => "allocation",
        ("heap.reallocs", _) => "reallocation",
        ("heap.peak", _) => "live at the peak, allocated",
        ("heap.retained", _) => "left behind, allocated",
        (_, None) if metric.unit == Unit::Bytes => "moved",
        _ => "call",
    }
}

/// `962 moves`, `1 copy`.
pub(crate) fn counted(count: f64, noun: &str) -> String {
    let number = Quantity {
        value: count,
        unit: Unit::Count,
    };
    // A count below 10,000 is shown whole unless iterations differ; "962.00" helps nobody.
    match (noun, count == 1.0) {
        (noun, true) => format!("1 {noun}"),
        ("copy", false) => format!("{number} copies"),
        (noun, false) => format!("{number} {noun}s"),
    }
}

/// ` at `src/store.rs:88` in `async fn reassemble``, as far as it is known.
fn place(cause: &Cause) -> String {
    let function = short_name(&cause.function);
    let function = if cause.is_async && !function.starts_with("async ") {
        format!("async fn {function}")
    } else {
        function
    };
    if cause.location.is_empty() {
        format!(" in `{function}`")
    } else {
        format!(" at `{}` in `{function}`", cause.location)
    }
}
