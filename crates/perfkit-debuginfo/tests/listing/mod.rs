//! The compiler's own listing of types (`-Zprint-type-sizes`), in a spelling that names of debug info can be brought
//! into.

use std::collections::{BTreeSet, HashSet};

use perfkit_model::layout::{TypeKind, TypeLayout, TypeTable};

/// Types by size and by name, the name in spellings that both listings can be brought into: one for each scope.
pub(crate) type Listed = BTreeSet<(u64, Vec<String>)>;

/// The same of a binary.
pub(crate) type Found = HashSet<(u64, String)>;

/// Least size of a type that is no future.
pub(crate) const LEAST: u64 = 128;

/// How the compiler writes futures.
const FUTURES: [&str; 3] = ["{async fn body", "{async block@", "{async closure body"];

/// What a listing is of.
pub(crate) struct Scope<'a> {
    /// The crate. The compiler leaves its name out and keeps its modules.
    pub(crate) own: &'a str,
    /// All crates of the build. The compiler writes an item of another crate by any path that the crate has for it,
    /// so its modules are no part of the name here.
    pub(crate) crates: &'a BTreeSet<String>,
    /// Whether modules of `own` are part of names. A program and a library may share the name; the library's items
    /// are then written by any path.
    pub(crate) keeps_modules: bool,
}

/// What the compiler lists: futures, and other types of at least [`LEAST`] bytes that are no wrappers of the standard
/// library.
pub(crate) fn listed(text: &str, scopes: &[Scope<'_>]) -> (Listed, Listed) {
    let (mut futures, mut others) = (Listed::new(), Listed::new());
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("print-type-size type: `"));
    for line in lines {
        let (name, rest) = line.split_once("`: ").expect("a name and its size");
        let size = rest.split(' ').next().and_then(|size| size.parse().ok());
        let size: u64 = size.expect("a size");
        let is_future = FUTURES.iter().any(|start| name.starts_with(start));
        let spell = |scope| body(name, scope).unwrap_or_else(|| common(name, scope));
        let names: Vec<String> = scopes.iter().map(spell).collect();
        if is_future {
            futures.insert((size, names));
        } else if size >= LEAST && !is_wrapper(&names[0]) {
            others.insert((size, names));
        }
    }
    (futures, others)
}

/// They wrap a value that is listed itself, and rarely become a variable.
pub(crate) fn is_wrapper(name: &str) -> bool {
    let wrappers = ["ManuallyDrop<", "MaybeDangling<", "MaybeUninit<"];
    wrappers.iter().any(|wrapper| name.starts_with(wrapper))
}

pub(crate) fn found(table: &TypeTable, scopes: &[Scope<'_>]) -> Found {
    let mut found = Found::new();
    for layout in &table.types {
        for scope in scopes {
            let name = common(&layout.name, scope);
            let mut names = body_of(layout, scope);
            names.extend(name.strip_prefix("async fn ").map(arguments_last));
            names.push(name);
            found.extend(names.into_iter().map(|name| (layout.size, name)));
        }
    }
    found
}

/// A block or closure body that is a type of its own: by its line in the listing of its own crate,
/// `{async block@src/link.rs:20:9: 30:10}`, and by the function around it in those of others,
/// `{async block@tokio::sync::Mutex<u8>::lock::{closure#0}::{closure#0}}`.
fn body(name: &str, scope: &Scope<'_>) -> Option<String> {
    let rows = [
        ("{async block@", "async block"),
        ("{async closure body@", "async closure"),
    ];
    let row = rows.into_iter();
    let (place, word) = row
        .filter_map(|(start, word)| Some((name.strip_prefix(start)?, word)))
        .next()?;
    let place = place.strip_suffix('}').unwrap_or(place);
    let path = place.split("::{closure#").next().unwrap_or(place);
    if path.len() < place.len() {
        return Some(within(word, &common(path, scope)));
    }
    let (place, _end) = place.split_once(": ")?;
    let (place, _column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some(at(word, file, line.parse().ok()?))
}

/// The same of a layout: the line, and the function.
fn body_of(layout: &TypeLayout, scope: &Scope<'_>) -> Vec<String> {
    let word = match layout.kind {
        TypeKind::AsyncBlock => "async block",
        TypeKind::AsyncClosure => "async closure",
        _ => return Vec::new(),
    };
    let place = layout.place.iter();
    let mut names: Vec<String> = place
        .map(|place| at(word, &place.file, place.line))
        .collect();
    let path = layout.name.strip_prefix(word);
    let path = path.and_then(|rest| rest.strip_prefix(" in "));
    names.extend(path.map(|path| within(word, &common(path, scope))));
    names
}

fn at(word: &str, file: &str, line: u32) -> String {
    // One spells the file from a folder that the other does not know. Its own folder is enough.
    let mut parts = file.rsplit('/');
    let (file, folder) = (parts.next().unwrap_or(file), parts.next().unwrap_or(""));
    format!("{word} at {folder}/{file}:{line}")
}

fn within(word: &str, path: &str) -> String {
    let path = arguments_last(path);
    format!(
        "{word} in {}",
        path.strip_prefix("async fn ").unwrap_or(&path)
    )
}

/// Without the crate of the listing and the modules of other crates; closures and blocks by what they are.
///
/// The compiler writes `{async fn body of a::b<T>()}`, `{closure@file:line:column}` and `std::vec::Vec`, debug info
/// `a::b::{async_fn_env#0}<T>`, `a::{closure_env#0}` and `alloc::vec::Vec`.
pub(crate) fn common(name: &str, scope: &Scope<'_>) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("{async fn body of ") {
            let end = matching(after, '{', '}');
            let path = common(after[..end].trim_end_matches("()"), scope);
            out.push_str(&if path.starts_with('<') {
                format!("async fn {path}")
            } else {
                arguments_last(&path)
            });
            rest = &after[(end + 1).min(after.len())..];
        } else if first == '{' {
            let end = matching(&rest[1..], '{', '}') + 1;
            let word = &rest[1..end];
            rest = &rest[(end + 1).min(rest.len())..];
            if word.starts_with("closure#") {
                // A function in a function. Names of debug info have only functions here.
                rest = rest.strip_prefix("::").unwrap_or(rest);
                continue;
            }
            out.push_str(if word.starts_with("async block") {
                "async block"
            } else {
                "closure"
            });
        } else if let Some(after) = rest.strip_prefix("(dyn ") {
            // Debug info has brackets around every trait object of several traits.
            let end = matching(after, '(', ')');
            out.push_str("dyn ");
            out.push_str(&common(&after[..end], scope));
            rest = &after[(end + 1).min(after.len())..];
        } else if first == '\'' {
            // Debug info has no lifetimes.
            let after = rest[1..].trim_start_matches(is_path);
            let after = after.strip_prefix(',').unwrap_or(after);
            rest = after.strip_prefix(' ').unwrap_or(after);
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
            let item = item(&rest[..end], scope);
            rest = &rest[end..];
            let is_function = ["Fn", "FnMut", "FnOnce"].contains(&&*item);
            out.push_str(&item);
            if let Some(after) = rest.strip_prefix('(').filter(|_| is_function) {
                let end = matching(after, '(', ')');
                let arguments = common(&after[..end], scope);
                rest = &after[(end + 1).min(after.len())..];
                let output = rest.strip_prefix(" -> ").unwrap_or("()");
                let end = argument_end(output);
                let (output, after) = output.split_at(end);
                let output = common(output, scope);
                out.push_str(&format!("<({arguments}), Output={output}>"));
                if rest.starts_with(" -> ") {
                    rest = after;
                }
            }
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    let out = out.replace("for<> ", "").replace("<>", "");
    out.replace("::<", "<")
}

/// A path as both listings can have it.
fn item(path: &str, scope: &Scope<'_>) -> String {
    let (krate, rest) = path.split_once("::").unwrap_or((path, ""));
    if ["std", "core", "alloc"].contains(&krate) {
        let last = path.rsplit("::").next();
        return last.unwrap_or(path).to_owned();
    }
    let is_own = krate == scope.own;
    if rest.is_empty() || !(is_own || scope.crates.contains(krate)) {
        return path.to_owned();
    }
    if is_own && scope.keeps_modules {
        return rest.to_owned();
    }
    // Types and what is in them, or a function.
    let names: Vec<&str> = rest.split("::").collect();
    let is_type = |name: &&str| name.starts_with(char::is_uppercase);
    let start = names.iter().position(is_type);
    let start = start.unwrap_or(names.len().saturating_sub(1));
    let names = names[start..].join("::");
    if is_own {
        names
    } else {
        format!("{krate}::{names}")
    }
}

/// Where the first of several arguments ends.
fn argument_end(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, char) in text.char_indices() {
        match char {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' | ')' | ']' | '}' if depth == 0 => return at,
            '>' | ')' | ']' | '}' => depth -= 1,
            ',' | '+' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

pub(crate) fn is_path(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == ':'
}

/// Where the bracket that was opened before `text` is closed.
pub(crate) fn matching(text: &str, open: char, close: char) -> usize {
    let mut depth = 1;
    for (at, char) in text.char_indices() {
        // The arrow of a function closes nothing.
        if char == '>' && text[..at].ends_with('-') {
            continue;
        }
        depth += i32::from(char == open) - i32::from(char == close);
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// What of `wanted` is missing.
pub(crate) fn missing<'w>(wanted: &'w Listed, found: &Found) -> Vec<&'w (u64, Vec<String>)> {
    let is_there = |size: u64, name: &str| {
        let mut names = spellings(name).into_iter();
        names.any(|name| found.contains(&(size, name)))
    };
    let missing = wanted
        .iter()
        .filter(|(size, names)| !names.iter().any(|name| is_there(*size, name)));
    missing.collect()
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
