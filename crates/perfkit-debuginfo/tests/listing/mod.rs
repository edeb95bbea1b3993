//! The compiler's own listing of types (`-Zprint-type-sizes`), in a spelling that names of debug info can be brought
//! into.

use std::collections::BTreeMap;

use perfkit_model::layout::TypeTable;

/// Name and size, the name in a spelling that both listings can be brought into.
pub(crate) type Listed = BTreeMap<(String, u64), usize>;

/// Least size of a type that is no future.
pub(crate) const LEAST: u64 = 128;

/// What the compiler lists: futures, and other types of at least [`LEAST`] bytes that are no wrappers of the standard
/// library.
pub(crate) fn listed(text: &str) -> (Listed, Listed) {
    let (mut futures, mut others) = (Listed::new(), Listed::new());
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("print-type-size type: `"));
    for line in lines {
        let (name, rest) = line.split_once("`: ").expect("a name and its size");
        let size = rest.split(' ').next().and_then(|size| size.parse().ok());
        let size: u64 = size.expect("a size");
        let is_future = ["{async fn body", "{async block@", "{async closure body"]
            .iter()
            .any(|start| name.starts_with(start));
        let name = common(name);
        if is_future {
            *futures.entry((name, size)).or_default() += 1;
        } else if size >= LEAST && !is_wrapper(&name) {
            *others.entry((name, size)).or_default() += 1;
        }
    }
    (futures, others)
}

/// They wrap a value that is listed itself, and rarely become a variable.
pub(crate) fn is_wrapper(name: &str) -> bool {
    let wrappers = ["ManuallyDrop<", "MaybeDangling<", "MaybeUninit<"];
    wrappers.iter().any(|wrapper| name.starts_with(wrapper))
}

pub(crate) fn found(table: &TypeTable) -> Listed {
    let mut found = Listed::new();
    for layout in &table.types {
        *found
            .entry((common(&layout.name), layout.size))
            .or_default() += 1;
    }
    found
}

/// Without the crate of the program and the modules of the standard library; closures and blocks by what they are.
///
/// The compiler writes `{async fn body of a::b<T>()}`, `{closure@file:line:column}` and `std::vec::Vec`, debug info
/// `a::b::{async_fn_env#0}<T>`, `a::{closure_env#0}` and `alloc::vec::Vec`.
pub(crate) fn common(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("{async fn body of ") {
            let end = matching(after, '{', '}');
            let path = after[..end].trim_end_matches("()");
            out.push_str("async fn ");
            out.push_str(&common(path));
            rest = &after[(end + 1).min(after.len())..];
        } else if first == '{' {
            let end = matching(&rest[1..], '{', '}') + 1;
            let word = &rest[1..end];
            out.push_str(if word.starts_with("async block") {
                "async block"
            } else {
                "closure"
            });
            rest = &rest[(end + 1).min(rest.len())..];
        } else if let Some((word, after)) = ["async block in ", "async closure in ", "closure in "]
            .iter()
            .find_map(|word| Some((*word, rest.strip_prefix(word)?)))
        {
            out.push_str(if word.starts_with("async block") {
                "async block"
            } else {
                "closure"
            });
            let end = after
                .find(|char: char| !is_path(char))
                .unwrap_or(after.len());
            rest = &after[end..];
            if rest.starts_with('<') {
                rest = &rest[(matching(&rest[1..], '<', '>') + 2).min(rest.len())..];
            }
        } else if is_path(first) {
            let end = rest.find(|char: char| !is_path(char)).unwrap_or(rest.len());
            let path = &rest[..end];
            let path = path.strip_prefix("edit::").unwrap_or(path);
            let of_std = ["std::", "core::", "alloc::"]
                .iter()
                .any(|start| path.starts_with(start));
            let last = path.rsplit("::").next().unwrap_or(path);
            out.push_str(if of_std { last } else { path });
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.replace("::<", "<")
}

pub(crate) fn is_path(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == ':'
}

/// Where the bracket that was opened before `text` is closed.
pub(crate) fn matching(text: &str, open: char, close: char) -> usize {
    let mut depth = 1;
    for (at, char) in text.char_indices() {
        depth += i32::from(char == open) - i32::from(char == close);
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// How many of `wanted` are there, and what is missing.
pub(crate) fn missing(wanted: &Listed, found: &Listed) -> Vec<String> {
    let is_there = |name: &str, size: u64| {
        let mut names = spellings(name).into_iter();
        names.any(|name| found.contains_key(&(name, size)))
    };
    wanted
        .keys()
        .filter(|(name, size)| !is_there(name, *size))
        .map(|(name, size)| format!("{name}: {size} B"))
        .collect()
}

/// A method as the compiler writes it, and as debug info has it: all arguments at the end, and the type, or for a
/// trait's default method the trait with the type as its argument.
pub(crate) fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![name.to_owned()];
    let Some(path) = name.strip_prefix("async fn ") else {
        return spellings;
    };
    if let Some(qualified) = path.strip_prefix('<') {
        let end = matching(qualified, '<', '>');
        let (head, method) = (&qualified[..end], &qualified[end + 1..]);
        if let Some((own, of_trait)) = head.split_once(" as ") {
            spellings.push(arguments_last(&format!("{own}{method}")));
            let (plain, arguments) = apart(&format!("{of_trait}{method}"));
            let arguments = [vec![own.to_owned()], arguments].concat().join(", ");
            spellings.push(format!("async fn {plain}<{arguments}>"));
        }
    } else {
        spellings.push(arguments_last(path));
    }
    spellings
}

pub(crate) fn arguments_last(path: &str) -> String {
    let (plain, arguments) = apart(path);
    if arguments.is_empty() {
        return format!("async fn {plain}");
    }
    format!("async fn {plain}<{}>", arguments.join(", "))
}

/// A path without arguments, and the arguments of all its segments.
pub(crate) fn apart(path: &str) -> (String, Vec<String>) {
    let (mut plain, mut arguments) = (String::new(), Vec::new());
    let mut rest = path;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        let end = start + 1 + matching(&rest[start + 1..], '<', '>');
        arguments.push(rest[start + 1..end].to_owned());
        rest = &rest[(end + 1).min(rest.len())..];
    }
    plain.push_str(rest);
    (plain, arguments)
}
