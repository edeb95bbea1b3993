//! Types that grew, as the reason for what is moved and allocated.
//!
//! A future that grew is copied when it is spawned and lies in the block of its task. That is one change, seen through
//! three lenses, and what a person has to mend is the type.

use perfkit_model::comparison::{Cause, Comparison, Finding, Level, Verdict};
use perfkit_model::layout::path;
use perfkit_model::lint::{Lint, TypeFinding};
use perfkit_model::metric::{Unit, metric};

/// Part of the growth that moves of a type have to carry before the type is called the reason.
const CARRIES: f64 = 0.2;

/// How near two ratios have to be to be taken for one.
const SAME_RATIO: f64 = 0.005;

/// Adds what the types of the two builds say: to the findings that they explain, and what is left beside them. A type that
/// grew beyond policy is a regression as any other.
pub fn join_types(comparison: &mut Comparison, lint: Lint) {
    if lint.verdict == Verdict::Regressed {
        comparison.verdict = Verdict::Regressed;
    }
    comparison.remarks.extend(lint.remarks);
    for grown in lint.findings {
        let mut is_reason = false;
        for finding in &mut comparison.findings {
            if let Some(reason) = reason(&grown, finding) {
                finding.level = finding.level.max(grown.level);
                finding.because.push(reason);
                is_reason = true;
            }
        }
        if !is_reason {
            comparison.types.push(grown);
        }
    }
}

/// The type as the reason for a finding: values of it, or of types that grew because they hold it, carry a good part; or,
/// which is likely and no fact, what carries it grew by the very ratio that the type did.
fn reason(grown: &TypeFinding, finding: &Finding) -> Option<TypeFinding> {
    if grown.level == Level::Allow || finding.level == Level::Allow {
        return None;
    }
    let holders = grown.holders.iter().map(|holder| &holder.type_name);
    let names: Vec<&str> = holders
        .chain([&grown.type_name])
        .map(|name| path(name))
        .collect();
    let carries = |test: &dyn Fn(&str, &Cause) -> bool| {
        let symptoms = finding.symptoms.iter();
        let symptoms = symptoms.map(|symptom| (&symptom.metric, &symptom.causes));
        let mut all = symptoms.chain([(&finding.metric, &finding.causes)]);
        all.any(|(metric, causes)| {
            let mut heavy = causes.iter().filter(|cause| cause.share >= CARRIES);
            heavy.any(|cause| test(metric, cause))
        })
    };
    let moves = |_: &str, cause: &Cause| {
        let ty = cause.ty.as_ref();
        ty.is_some_and(|ty| names.iter().any(|name| has_path(&ty.name, name)))
    };
    if carries(&moves) {
        return Some(grown.clone());
    }
    let factor = grown.head as f64 / grown.base.filter(|base| *base > 0)? as f64;
    let scales = |id: &str, cause: &Cause| {
        metric(id).is_some_and(|row| row.unit == Unit::Bytes)
            && cause.base > 0.0
            && (cause.head / cause.base / factor - 1.0).abs() <= SAME_RATIO
    };
    carries(&scales).then(|| TypeFinding {
        message: format!("likely {}", grown.message),
        ..grown.clone()
    })
}

/// Whether a type's name holds this path as a whole: `Result<u8, a::Error>` has `a::Error` and not `a::Err`.
fn has_path(ty: &str, path: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    ty.match_indices(path).any(|(at, _)| {
        let (before, after) = (&ty[..at], &ty[at + path.len()..]);
        !before.ends_with(|letter: char| is_part(letter) || letter == ':')
            && !after.starts_with(is_part)
    })
}
