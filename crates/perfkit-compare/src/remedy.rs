//! What to do about a finding.

use perfkit_model::comparison::Naming;
use perfkit_model::metric::{Metric, Unit};
use perfkit_model::quantity::{Quantity, grouped};

use crate::causes::carried::carried;
use crate::causes::evidence::Through;
use crate::causes::layout::{Lopsided, lopsided};
use crate::causes::{self, Boxed, Carrier};
use crate::environment::Types;
use crate::pairing::Pair;
use perfkit_model::short_name::short_name;

/// Bytes from which a moved type is worth boxing. A box costs an allocation of some 20 ns; that buys copying
/// about 1 kB.
const LARGE_TYPE: u64 = 1_024;

/// Bytes per I/O call up to which buffering pays: tokio's and std's default buffer.
const SMALL_CALL: f64 = 8_192.0;

/// Part of the growth a cause has to carry before its remedy is worth a sentence.
const WORTH_A_SENTENCE: f64 = 0.05;

/// Bytes of a variant that is a box: the pointer and, in front of it, the tag.
const BOXED_VARIANT: u64 = 16;

/// A box in a stack does not say who wrote it, hence "likely".
const BOXED_FUTURE: &str = "boxed future: likely `#[async_trait]` (or `Box::pin` by hand), which allocates one box per \
     call; a native async fn or enum dispatch avoids it";

/// Remedies of one finding. A longer list is no advice.
const MOST_REMEDIES: usize = 3;

/// What to do about the causes of one finding, most important first; `None` where nothing general helps.
pub(crate) fn remedy(
    metric: &Metric,
    carriers: &[Carrier],
    pair: &Pair<'_>,
    types: Types,
) -> Option<String> {
    let mut sentences: Vec<String> = Vec::new();
    let carried = carried(carriers, &pair.head.enums);
    let variant = lopsided(carried.as_ref(), carriers, &pair.head.enums);
    // What has been said of the type inside is not said again of everything around it.
    let said = match (&carried, &variant) {
        (Some(carried), _) => Some(&carried.name),
        (None, Some(enumeration)) => Some(&enumeration.name),
        (None, None) => None,
    };
    let is_said = |carrier: &&Carrier| match (said, &carrier.cause.ty) {
        (Some(said), Some(ty)) => ty.name.contains(said),
        _ => false,
    };
    let advice = variant.as_ref().map(box_variant);
    sentences.extend(match (&carried, advice) {
        (Some(carried), advice) => Some(format!(
            "`{}` is in what carries {:.0} % of the growth: {}",
            carried.name,
            100.0 * carried.share.min(1.0),
            advice.unwrap_or_else(|| "box it, or its large variant or field".to_owned())
        )),
        (None, advice) => advice,
    });
    let of_causes = carriers
        .iter()
        .filter(|carrier| carrier.cause.share >= WORTH_A_SENTENCE && !is_said(carrier))
        .filter_map(|carrier| of_cause(metric, carrier));
    for sentence in of_causes.chain(of_metric(metric, carriers, pair, types)) {
        // One type pushed at two lines is one thing to do.
        let what = |sentence: &str| {
            sentence
                .split(['(', ';'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let is_new = sentences.iter().all(|known| what(known) != what(&sentence));
        if is_new && sentences.len() < MOST_REMEDIES {
            sentences.push(sentence);
        }
    }
    (!sentences.is_empty()).then(|| sentences.join(". "))
}

/// `box the payload of `DistriErr::Corrupt`, which takes the enum from 50 008 B to about 24 B`.
fn box_variant(enumeration: &Lopsided) -> String {
    format!(
        "box the payload of `{}::{}`, which takes the enum from {} B to about {} B",
        enumeration.name,
        enumeration.variant.name,
        grouped(enumeration.size),
        grouped(enumeration.next.max(BOXED_VARIANT))
    )
}

fn of_cause(metric: &Metric, carrier: &Carrier) -> Option<String> {
    if metric.lens == "heap" && carrier.boxed != Boxed::No {
        return Some(BOXED_FUTURE.to_owned());
    }
    // The count of blocks falls with capacity, not with the size of what they hold.
    if metric.lens == "heap" && metric.unit == Unit::Count {
        let grows = carrier.through.as_ref().is_some_and(Through::grows);
        return grows.then(|| reserve(&through(carrier)));
    }
    let ty = carrier.cause.ty.as_ref().or(carrier.moved_here.as_ref())?;
    if ty.size < LARGE_TYPE {
        return None;
    }
    let name = short_name(&ty.name);
    let is = match ty.way {
        Naming::Annotated => format!("`{name}` is {} B", grouped(ty.size)),
        Naming::Candidate => format!("likely `{name}`, which is {} B", grouped(ty.size)),
    };
    let advice = if name.starts_with("async ") || name.contains("{async") {
        "a future moved by value; box it once, or drop what it holds across an await"
    } else if ["Result<", "Option<", "Poll<"]
        .iter()
        .any(|kind| name.starts_with(kind))
    {
        "box the large variant"
    } else {
        "box it or its large field"
    };
    Some(format!("{is}{}; {advice}", through(carrier)))
}

/// ` (through `Vec<Query>::push` at `src/query.rs:29`)` where that is known.
fn through(carrier: &Carrier) -> String {
    let through = match &carrier.through {
        None => return String::new(),
        Some(Through::Seen(name)) => format!("through `{name}`"),
        Some(Through::Likely(name)) => format!("likely through `{name}`"),
    };
    match carrier.cause.location.as_str() {
        "" => format!(" ({through})"),
        location => format!(" ({through} at `{location}`)"),
    }
}

fn reserve(likely: &str) -> String {
    format!(
        "likely a buffer that grows from empty{likely}: reserve capacity (`with_capacity`) before filling it"
    )
}

fn of_metric(
    metric: &Metric,
    carriers: &[Carrier],
    pair: &Pair<'_>,
    types: Types,
) -> Option<String> {
    match metric.id {
        "heap.reallocs" => {
            // With stacks of their own, reallocations have said what grows.
            if carriers.iter().any(|carrier| carrier.through.is_some()) {
                return None;
            }
            let likely = causes::growing_buffers(pair, types).first().map(through);
            Some(reserve(&likely.unwrap_or_default()))
        }
        "io.calls" => {
            let value = |metric: &str| Some(pair.head.measurements.get(metric)?.value);
            let (bytes, calls) = (value("io.bytes")?, value("io.calls")?);
            // Calls that wait move no bytes, so an average of nothing says nothing about buffering.
            let per_call = bytes / calls;
            (per_call > 0.0 && per_call <= SMALL_CALL).then(|| {
                let average = Quantity {
                    value: per_call.round(),
                    unit: Unit::Bytes,
                };
                format!(
                    "{average} per call on average: buffer them (`BufReader`, `BufWriter`) or use one vectored \
                     write"
                )
            })
        }
        _ => None,
    }
}
