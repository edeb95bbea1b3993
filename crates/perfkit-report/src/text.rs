//! Turns names and numbers into text that is safe and readable in every format.

use perfkit_model::comparison::{Cause, Finding, Judgement, Level, MovedType, Naming};
use perfkit_model::metric::Unit;
use perfkit_model::quantity::{self, Quantity};
use perfkit_model::stacks::{Frame, FrameKind};

/// What stands where there is no value.
pub(crate) const NO_VALUE: &str = "–";

/// Spells out characters that move the cursor, break a line, turn the reading direction or are invisible.
///
/// A symbol name may hold any of them, and a name that reads differently from what it is can mislead.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if misleads(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character is a control, invisible, or changes the reading direction
/// (the set of "Trojan Source", CVE-2021-42574, and what is invisible beside it).
pub(crate) fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most `limit` characters, the middle left out: both ends of a path or type tell it apart.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(1);
    let tail = kept / 2;
    let mut short: String = text.chars().take(kept - tail).collect();
    short.push('…');
    short.extend(text.chars().skip(count - tail));
    short
}

/// One line without surrounding blanks, and at most `limit` characters.
pub(crate) fn name(text: &str, limit: usize) -> String {
    shortened(&plain(text.trim()), limit)
}

/// The value with its unit, or a dash where it is no number.
pub(crate) fn value(value: f64, unit: Unit) -> String {
    if value.is_finite() {
        Quantity { value, unit }.to_string()
    } else {
        NO_VALUE.to_owned()
    }
}

/// The value with its unit, or a dash where there is none.
pub(crate) fn optional(amount: Option<f64>, unit: Unit) -> String {
    amount.map_or_else(|| NO_VALUE.to_owned(), |amount| value(amount, unit))
}

/// The relative change, or nothing where a side is missing.
pub(crate) fn change(base: Option<f64>, head: Option<f64>) -> String {
    match (base, head) {
        (Some(base), Some(head)) if base.is_finite() && head.is_finite() => {
            quantity::change(base, head)
        }
        _ => String::new(),
    }
}

/// `12.3 %` of a share between 0 and 1; a dash where it is no number.
pub(crate) fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{:.1} %", share * 100.0)
    } else {
        NO_VALUE.to_owned()
    }
}

/// What a person calls this frame.
pub(crate) fn frame(frame: &Frame) -> String {
    let name = if frame.name.is_empty() {
        "unknown".to_owned()
    } else {
        plain(&frame.name)
    };
    match frame.kind {
        FrameKind::Function | FrameKind::Unknown => name,
        FrameKind::Task if name.contains("task ") => name,
        FrameKind::Async => asynchronous(&name),
        FrameKind::Task => format!("task {name}"),
        FrameKind::Moved => format!("move of {name} ({} B)", quantity::grouped(frame.size)),
        FrameKind::Candidate => {
            format!(
                "move of perhaps {name} ({} B)",
                quantity::grouped(frame.size)
            )
        }
    }
}

/// `async fn path::name`; a block has no name of its own and says so itself.
fn asynchronous(name: &str) -> String {
    if name.starts_with("async ") {
        name.to_owned()
    } else if name.ends_with('}') {
        format!("async {name}")
    } else {
        format!("async fn {name}")
    }
}

/// The function of a cause.
pub(crate) fn cause(cause: &Cause) -> String {
    let name = plain(&cause.function);
    if cause.is_async {
        asynchronous(&name)
    } else {
        name
    }
}

/// `` moves `T` (50 008 B) ``, and whether that is a fact, without the name's backticks.
pub(crate) fn moved(ty: &MovedType) -> (&'static str, String, String) {
    let verb = match ty.way {
        Naming::Annotated => "moves",
        Naming::Candidate => "moves perhaps (by size only)",
    };
    let size = format!("({} B)", quantity::grouped(ty.size));
    (verb, plain(&ty.name), size)
}

/// `src/store.rs:88`; empty where the file is not known.
pub(crate) fn location(file: &str, line: u32) -> String {
    match (file.is_empty(), line) {
        (true, _) => String::new(),
        (false, 0) => plain(file),
        (false, line) => format!("{}:{line}", plain(file)),
    }
}

/// The mark and the word of a judgement; the word alone carries the meaning.
pub(crate) fn judgement(judgement: &Judgement) -> (&'static str, &'static str) {
    match judgement {
        Judgement::Same => ("=", "same"),
        Judgement::Better => ("✓", "better"),
        Judgement::Worse => ("✗", "worse"),
        Judgement::NotJudged { .. } => ("?", "not judged"),
    }
}

/// The word of a level.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Note => "note",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    let word = if count == 1 { one } else { many };
    format!("{} {word}", quantity::grouped(count as u64))
}

/// A message in parts: text, and what stood between backticks (`true`).
///
/// An unpaired backtick stays text, so nothing is lost of a damaged message.
pub(crate) fn spans(message: &str) -> Vec<(bool, &str)> {
    let mut spans = Vec::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else {
            break;
        };
        spans.push((false, before));
        spans.push((true, code));
        rest = after;
    }
    spans.push((false, rest));
    spans.retain(|(_, text)| !text.is_empty());
    spans
}

/// What to do about a finding: about the type that is the reason, else about what was found.
pub(crate) fn remedy(finding: &Finding) -> Option<String> {
    let of_types = finding
        .because
        .iter()
        .find_map(|grown| grown.remedy.clone());
    of_types.or_else(|| finding.remedy.clone())
}
