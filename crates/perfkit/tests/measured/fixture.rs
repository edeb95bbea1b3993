//! The workspace of `tests/fixtures/known-mix`, copied to where it may have a lock file and a path to perfkit.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::{Place, target};

const FILES: [&str; 5] = [
    "Cargo.toml",
    "src/lib.rs",
    "src/shares.rs",
    "src/turns.rs",
    "benches/known_mix.rs",
];

impl Place {
    /// The fixture. Cargo builds it in the directory of all others, so that dependencies are compiled once.
    pub(crate) fn known_mix() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = target().join("known-mix");
        for file in FILES {
            let from = package.join("tests/fixtures/known-mix").join(file);
            let text = read(&from).replace("../../..", &package.display().to_string());
            write(&root.join(file), &text);
        }
        let lockfile = root.join("Cargo.lock");
        if !lockfile.is_file() {
            // The versions of this repository, so that no test asks the network.
            write(&lockfile, &read(&package.join("../../Cargo.lock")));
        }
        Self::at(root)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Leaves a file alone that is the same already: cargo would build it again.
fn write(path: &PathBuf, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("files lie in folders")).unwrap();
    // Two tests may do this at once: each file is whole at any moment.
    let beside = path.with_extension(format!("{:?}", std::thread::current().id()));
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}
