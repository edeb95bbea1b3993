//! Types that have another name in the head, and what that does to the names that mention them.

use std::collections::BTreeMap;

/// Names of the head by names of the base, by what those begin with.
///
/// PERF: every name of every part is looked through at every word, and few of the renamed types begin with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Renames(BTreeMap<String, BTreeMap<String, String>>);

impl Renames {
    /// Futures and closures are no names that others mention, but places.
    pub(super) fn note(&mut self, base: &str, head: &str) {
        if base != head && !base.contains(' ') && !head.contains(' ') {
            let group = self.0.entry(first_word(base).to_owned()).or_default();
            group.insert(base.to_owned(), head.to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name of the base as the head would spell it. All at once: two types may have swapped their names.
    pub(super) fn apply(&self, name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        let mut rest = name;
        while let Some(char) = rest.chars().next() {
            let is_start = !out.ends_with(is_word);
            let group = self.0.get(first_word(rest)).filter(|_| is_start);
            let found = group
                .into_iter()
                .flatten()
                .filter(|(from, _)| rest.starts_with(from.as_str()))
                .filter(|(from, _)| ends(&rest[from.len()..]))
                .max_by_key(|(from, _)| from.len());
            match found {
                Some((from, to)) => {
                    out.push_str(to);
                    rest = &rest[from.len()..];
                }
                None => {
                    out.push(char);
                    rest = &rest[char.len_utf8()..];
                }
            }
        }
        out
    }
}

/// The path that a text begins with; empty for a tuple or a reference.
fn first_word(text: &str) -> &str {
    let end = text.find(|char: char| !is_word(char));
    &text[..end.unwrap_or(text.len())]
}

/// Whether a name ends here.
fn ends(rest: &str) -> bool {
    !rest.starts_with(is_word) && !rest.starts_with('<')
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | ':')
}
