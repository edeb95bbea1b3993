//! What the fuzz targets share: input as a file, and every public reader called on it.
//!
//! Nothing is asserted of the answers. A target fails where a reader panics, never comes back, or takes more memory
//! than a small file can be worth.

pub mod build;
pub mod plan;

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind, SymbolKind};
use perfkit_debuginfo::code_size;
use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::types::{self, Options};
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::part::{Module, RawStack};

/// Addresses looked up per input: each may parse another unit.
const MOST_ADDRESSES: usize = 48;

/// The bytes as a file, the same one each time: readers take paths.
///
/// # Panics
/// When the folder for temporary files is full or may not be written to.
pub fn file(bytes: &[u8]) -> &'static Path {
    static FILE: OnceLock<(File, PathBuf)> = OnceLock::new();
    let (file, path) = FILE.get_or_init(|| {
        let name = format!("perfkit-fuzz-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        (File::create(&path).expect("a file can be made"), path)
    });
    file.write_all_at(bytes, 0).expect("there is room");
    file.set_len(bytes.len() as u64).expect("there is room");
    path
}

/// Reads types as the command does, and once more those of large enums as the symboliser does.
pub fn read_types(path: &Path) {
    for least in [1, 512] {
        let options = Options {
            least,
            root: PathBuf::from("/src"),
            // One, so that the same input takes the same way each time.
            threads: 1,
        };
        drop(types::read(path, &options));
    }
}

/// Reads code sizes and the logical stacks of these addresses.
pub fn read_symbols(path: &Path, addresses: &[u64]) {
    drop(code_size::read(path));
    let workspace = WorkspaceCrates {
        root: PathBuf::from("/src"),
        members: BTreeSet::from(["seed".to_owned()]),
        ..WorkspaceCrates::default()
    };
    let Ok(mut symboliser) = Symboliser::open(path, &workspace) else {
        return;
    };
    let everywhere = Module {
        path: path.to_string_lossy().into_owned(),
        end: u64::MAX,
        ..Module::default()
    };
    let known = addresses.first().map(|at| ("memmove".to_owned(), *at));
    symboliser.begin(&[everywhere], known.as_slice());
    for exact_leaf in [true, false] {
        let stack = RawStack {
            frames: addresses.to_vec(),
            exact_leaf,
            ..RawStack::default()
        };
        symboliser.logical(&stack);
    }
    symboliser.enums(&BTreeSet::from(["Reply".to_owned()]));
    let cache = symboliser.export();
    symboliser.import(&cache);
}

/// Addresses that a file has something to say about: where its functions and its sections of code begin, and the ends
/// of the address space.
pub fn addresses(bytes: &[u8]) -> Vec<u64> {
    let mut addresses = vec![0, 1, u64::MAX - 1, u64::MAX];
    let Ok(object) = object::File::parse(bytes) else {
        return addresses;
    };
    let sections = object.sections();
    let code = sections.filter(|section| section.kind() == SectionKind::Text);
    for section in code.take(4) {
        addresses.extend((0..4).map(|at| section.address().saturating_add(at * 64)));
    }
    let symbols = object.symbols();
    let functions = symbols.filter(|symbol| symbol.kind() == SymbolKind::Text);
    for function in functions.take(MOST_ADDRESSES) {
        let middle = function.address().saturating_add(function.size() / 2);
        addresses.extend([function.address().saturating_add(1), middle]);
    }
    addresses.truncate(MOST_ADDRESSES);
    addresses
}
