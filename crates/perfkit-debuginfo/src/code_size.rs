//! How much code of which crate a binary holds.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;

use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, ReadCache, SectionKind, SymbolKind,
};

use crate::names;
use crate::problem::OpenError;

/// Sizes in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeSizes {
    /// The whole file.
    pub file: u64,
    /// Its sections of code.
    pub code: u64,
    /// Functions by the crate they are written in; what has no Rust name is under `C`, what no symbol covers is not
    /// here. Generic code counts for the crate that wrote it, wherever it was instantiated.
    pub crates: BTreeMap<String, u64>,
}

/// Where functions without a Rust name are counted.
pub const FOREIGN: &str = "C";

/// Reads the symbol table of a binary.
///
/// # Errors
/// When the file cannot be read or is no binary.
pub fn read(path: &Path) -> Result<CodeSizes, OpenError> {
    let unreadable = |source| OpenError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let cache = ReadCache::new(file);
    let object = object::File::parse(&cache).map_err(|source| OpenError::NotABinary {
        path: path.to_owned(),
        source,
    })?;
    let code = object
        .sections()
        .filter(|section| section.kind() == SectionKind::Text);
    let mut sizes = CodeSizes {
        file: length,
        // What a damaged file claims need not fit.
        code: code.fold(0, |sum, section| sum.saturating_add(section.size())),
        crates: BTreeMap::new(),
    };
    let mut counted = HashSet::new();
    for symbol in object.symbols() {
        // Identical functions may share their code.
        if symbol.kind() != SymbolKind::Text || !counted.insert(symbol.address()) {
            continue;
        }
        let krate = symbol.name().ok().and_then(crate_of);
        let krate = krate.unwrap_or_else(|| FOREIGN.to_owned());
        let bytes = sizes.crates.entry(krate).or_default();
        *bytes = bytes.saturating_add(symbol.size());
    }
    sizes.crates.retain(|_, bytes| *bytes > 0);
    Ok(sizes)
}

fn crate_of(symbol: &str) -> Option<String> {
    let demangled = names::demangle(symbol)?;
    let krate = names::function(&demangled, names::defining_crate(symbol)).krate;
    (!krate.is_empty()).then_some(krate)
}
