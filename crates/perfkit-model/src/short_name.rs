//! Names of functions and types as people read them.

/// The name without the modules in front of types and functions:
/// `core::result::Result<ddsplit::Code, ddsplit::Error>` is `Result<Code, Error>`.
///
/// Types in front of a method stay (`Store::get`), and so does what a `{closure}` belongs to.
#[must_use]
pub fn short_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    // Whether the path that is being read already has a segment that was kept.
    let mut kept = false;
    while let Some(first) = rest.chars().next() {
        let length = rest
            .find(|next: char| !next.is_alphanumeric() && next != '_')
            .unwrap_or(rest.len());
        if length == 0 {
            // What follows a type's `>` or a path's `::` still belongs to the same path.
            kept = matches!(first, '>' | '}') || (first == ':' && kept);
            text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        let is_module = after
            .strip_prefix("::")
            .is_some_and(|next| !next.starts_with('{') && !next.starts_with('<'))
            && !word.starts_with(char::is_uppercase);
        if is_module && !kept {
            rest = &after["::".len()..];
        } else {
            text.push_str(word);
            kept = true;
            rest = after;
        }
    }
    text
}
