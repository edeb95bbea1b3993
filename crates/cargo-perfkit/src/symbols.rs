//! Names for addresses: one symboliser per binary, with a cache on disk keyed by build id.

use std::collections::BTreeSet;
use std::path::PathBuf;

use perfkit_debuginfo::cache::SymbolCache;
use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::category::Category;
use perfkit_model::layout::TypeLayout;
use perfkit_model::part::{Part, RawStack};
use perfkit_model::stacks::{Frame, FrameKind, Stacks};
use perfkit_model::type_words::type_words;

use crate::build::Executable;
use crate::store;

/// Opens binaries for naming.
#[derive(Debug)]
pub(crate) struct Symbols<'a> {
    /// Facts about crates.
    pub(crate) crates: &'a WorkspaceCrates,
    /// Folder of the caches.
    pub(crate) folder: PathBuf,
}

/// Bytes from which a moved type is worth explaining; smaller ones cost less than the box that would replace them.
const LARGE_TYPE: u64 = 1_024;

/// Names the addresses of one binary's processes.
pub(crate) struct Namer {
    symboliser: Option<Symboliser>,
    cache: PathBuf,
    problem: Option<String>,
}

impl Symbols<'_> {
    /// Opens a binary. One that cannot be read gives stacks without names, and says so.
    pub(crate) fn open(&self, executable: &Executable) -> Namer {
        let file = executable
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let cache = self.folder.join(format!("{file}.json"));
        match Symboliser::open(&executable.path, self.crates) {
            Ok(mut symboliser) => {
                if let Some(stored) = load(&cache) {
                    symboliser.import(&stored);
                }
                Namer {
                    symboliser: Some(symboliser),
                    cache,
                    problem: None,
                }
            }
            Err(error) => Namer {
                symboliser: None,
                cache,
                problem: Some(error.to_string()),
            },
        }
    }
}

impl Namer {
    /// The next stacks are of this part's process.
    pub(crate) fn begin(&mut self, part: &Part) {
        if let Some(symboliser) = &mut self.symboliser {
            symboliser.begin(&part.modules, &part.known_functions);
        }
    }

    /// Root first. What cannot be named is one frame that says so.
    pub(crate) fn logical(&mut self, stack: &RawStack) -> Vec<Frame> {
        let path = self
            .symboliser
            .as_mut()
            .map(|symboliser| symboliser.logical(stack))
            .unwrap_or_default();
        if path.is_empty() {
            vec![unknown()]
        } else {
            path
        }
    }

    /// Layouts of the enums that the large moved types of these stacks hold by name.
    pub(crate) fn enums(&mut self, stacks: &Stacks) -> Vec<TypeLayout> {
        let names = names_of_large_types(stacks);
        match &mut self.symboliser {
            Some(symboliser) if !names.is_empty() => symboliser.enums(&names),
            _ => Vec::new(),
        }
    }

    /// What kept names from being found.
    pub(crate) fn problems(&self) -> Vec<String> {
        let found = self
            .symboliser
            .iter()
            .flat_map(Symboliser::problems)
            .map(|problem| match problem.hint() {
                Some(hint) => format!("{problem}; {hint}"),
                None => problem.to_string(),
            });
        self.problem.iter().cloned().chain(found).collect()
    }

    /// Keeps what was found for the next run.
    pub(crate) fn close(self) {
        let Some(symboliser) = self.symboliser else {
            return;
        };
        let written = store::write_whole(&self.cache, |writer| {
            Ok(serde_json::to_writer(writer, &symboliser.export())?)
        });
        if let Err(error) = written {
            tracing::warn!("the symbol cache was not written: {error:#}");
        }
    }
}

/// Names of types that can be the reason for a large moved type.
fn names_of_large_types(stacks: &Stacks) -> BTreeSet<String> {
    stacks
        .frames
        .iter()
        .filter(|frame| frame.kind == FrameKind::Moved && frame.size >= LARGE_TYPE)
        .flat_map(|frame| type_words(&frame.name))
        .map(str::to_owned)
        .collect()
}

fn unknown() -> Frame {
    Frame {
        name: "(unknown)".to_owned(),
        kind: FrameKind::Unknown,
        category: Category::Unknown,
        file: String::new(),
        line: 0,
        size: 0,
    }
}

fn load(path: &std::path::Path) -> Option<SymbolCache> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
