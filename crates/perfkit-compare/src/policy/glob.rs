//! Patterns in which `*` stands for any text and `?` for any character.

use perfkit_model::layout::path;

/// Whether a pattern fits the name of a type: as a whole, without its arguments, or without what it is besides.
///
/// `async fn store::Session::load<Json>` is also `async fn store::Session::load` and `store::Session::load`.
pub(super) fn matches_type(pattern: &str, name: &str) -> bool {
    let plain = name.split('<').next().unwrap_or(name);
    pattern == name
        || [name, plain, path(name)]
            .iter()
            .any(|name| matches(pattern, name))
}

/// Whether `text` has the form of `pattern`, where `*` stands for any text and `?` for any character.
///
/// Linear with one point to fall back to: the last `*` may always take one more character.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    let mut fallback: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                fallback = Some((at + 1, position));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((after_star, taken)) = fallback else {
                    return false;
                };
                fallback = Some((after_star, taken + 1));
                at = after_star;
                position = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}
