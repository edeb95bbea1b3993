//! The words in which findings about types tell causes and remedies.

use perfkit_model::layout::{AWAITED, Outlier, Place, TypeKind};
use perfkit_model::lint::GrowthCause;
use perfkit_model::quantity::grouped;
use perfkit_model::short_name::short_name;

use crate::lint::subject::Subject;

/// What made a type grow, to stand behind what it grew by; empty where nothing stands out.
pub(crate) fn grew_by(subject: &Subject<'_>) -> String {
    let padding = subject
        .base
        .map_or(0, |base| subject.head.padding.saturating_sub(base.padding));
    let unused = (padding > 0).then(|| format!("{} B more are never used", grouped(padding)));
    let cause = subject.cause.map(|cause| part(subject, cause));
    let reasons: Vec<String> = cause.into_iter().chain(unused).collect();
    if reasons.is_empty() {
        let align = subject.base.map_or(0, |base| base.align);
        return if subject.head.align > align && align > 0 {
            format!(": its alignment is {} B, was {align} B", subject.head.align)
        } else {
            ": no single part of it grew".to_owned()
        };
    }
    format!(": {}", reasons.join(", and "))
}

/// `` it awaits `reassemble` (50 184 B, was 184 B) at src/query.rs:71``.
fn part(subject: &Subject<'_>, cause: &GrowthCause) -> String {
    let ty = short_name(&cause.type_name);
    let size = match cause.before {
        0 => format!("{} B, new", grouped(cause.after)),
        before => format!("{} B, was {} B", grouped(cause.after), grouped(before)),
    };
    let at = |word: &str| {
        let place = cause.place.as_ref();
        place.map_or_else(String::new, |place| format!(" {word} {}", spot(place)))
    };
    let name = match cause.part.as_str() {
        name if name.starts_with("__") => "a temporary".to_owned(),
        name => format!("`{name}`"),
    };
    // The compiler's own listing does not tell the types of variables.
    let typed = match ty.as_str() {
        "" => name.clone(),
        ty => format!("{name}: `{ty}`"),
    };
    match subject.head.kind {
        _ if cause.part == AWAITED => {
            let ty = ty.strip_prefix("async fn ").unwrap_or(&ty);
            format!("it awaits `{ty}` ({size}){}", at("at"))
        }
        _ if cause.held => format!("it holds {typed} ({size}) across an await{}", at("from")),
        TypeKind::Enum => format!("its variant {name} needs {size}"),
        TypeKind::Closure => format!("it captures {typed} ({size})"),
        kind if kind.is_future() => format!("its argument {typed} ({size}){}", at("from")),
        _ => format!("its field {typed} ({size})"),
    }
}

/// What boxing the largest variant gives.
pub(crate) fn box_variant(outlier: &Outlier) -> String {
    format!(
        "put the fields of variant `{}` into a box: the type then has {} B",
        outlier.variant,
        grouped(outlier.boxed)
    )
}

fn spot(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}
