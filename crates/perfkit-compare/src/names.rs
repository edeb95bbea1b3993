//! Names of functions and types as people read them.

/// The function a `{closure}` or `{async block}` belongs to, by name.
pub(crate) fn owner(name: &str) -> &str {
    let mut name = name;
    while let Some((front, last)) = name.rsplit_once("::") {
        if !last.starts_with('{') {
            break;
        }
        name = front;
    }
    name
}
