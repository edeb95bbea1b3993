//! Which types are the error of a `Result`, and how much larger that makes it.

use std::collections::BTreeMap;

use perfkit_model::layout::TypeTable;

/// By the name of the error's type, bytes of the smallest success that a `Result` has beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(BTreeMap<String, u64>);

impl Errors {
    /// Looks through all results of a table.
    pub(crate) fn of(table: &TypeTable) -> Self {
        let mut errors: BTreeMap<String, u64> = BTreeMap::new();
        let results = table
            .types
            .iter()
            .filter(|layout| layout.name.starts_with("core::result::Result<"));
        for result in results {
            let variant = |name: &str| result.variants.iter().find(|variant| variant.name == name);
            let (Some(error), success) = (variant("Err"), variant("Ok")) else {
                continue;
            };
            let Some(field) = error.fields.first() else {
                continue;
            };
            let success = success.map_or(0, |success| success.live);
            let known = errors.entry(field.type_name.clone()).or_insert(success);
            *known = success.min(*known);
        }
        Self(errors)
    }

    /// Bytes of the smallest success that is returned beside this error.
    pub(crate) fn success(&self, name: &str) -> Option<u64> {
        self.0.get(name).copied()
    }
}
