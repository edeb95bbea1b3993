//! One colour per category, the same everywhere on the page.

use std::collections::{BTreeMap, BTreeSet};

use perfkit_model::category::Category;

use crate::digest::cases::CaseDigest;

/// Colours in the style sheet that dependencies take turns in.
const DEPENDENCY_COLOURS: usize = 6;

/// The class of every category.
#[derive(Debug)]
pub(super) struct Palette {
    dependencies: BTreeMap<String, usize>,
}

impl Palette {
    /// Deals out colours to the dependencies of all cases and their bases, by name, so that one crate has one
    /// colour on the whole page.
    pub(super) fn new(cases: &[CaseDigest<'_>]) -> Self {
        let sides = cases.iter().flat_map(|case| [Some(case.case), case.base]);
        let frames = sides.flatten().flat_map(|case| &case.stacks.frames);
        let names: BTreeSet<&str> = frames
            .filter_map(|frame| match &frame.category {
                Category::Dependency(krate) => Some(krate.as_str()),
                _ => None,
            })
            .collect();
        let dependencies = names.into_iter().enumerate();
        Self {
            dependencies: dependencies
                .map(|(index, name)| (name.to_owned(), index % DEPENDENCY_COLOURS))
                .collect(),
        }
    }

    /// Class of a category; `None` is the sum of the small ones.
    pub(super) fn class(&self, category: Option<&Category>) -> String {
        match category {
            None => "c-small".to_owned(),
            Some(Category::Dependency(krate)) => {
                let colour = self.dependencies.get(krate).copied().unwrap_or(0);
                format!("c-dep{colour}")
            }
            Some(fixed) => format!("c-{}", fixed.as_str()),
        }
    }
}
