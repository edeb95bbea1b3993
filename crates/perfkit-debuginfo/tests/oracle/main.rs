//! Types and futures of whole applications, held against the compiler's own listing (`-Zprint-type-sizes`).
//!
//! Of two programs, `ddsplit` and a published one, every future has to be found that code of the binary polls, and of
//! the other types those that its debug info describes. What is in the listing and not in the binary is told apart by
//! [`evidence`], and what was found has to be in that evidence too, or it would excuse too much.

#![cfg(target_os = "linux")]
#![expect(
    clippy::print_stderr,
    reason = "differences and counts are for whoever reads the output of the test"
)]

mod build;
mod evidence;
#[path = "../listing/mod.rs"]
mod listing;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use build::{Built, Program, build};
use evidence::Evidence;
use listing::{Found, Listed, Scope, found, listed, missing};
use perfkit_debuginfo::types::{self, Options};

/// What became of the types of a listing.
#[derive(Debug, Default)]
struct Count {
    /// In the listing.
    listed: usize,
    /// Found by the reader.
    found: usize,
    /// Found by the reader, and in the evidence.
    witnessed: usize,
    /// Not found, and not in the evidence.
    absent: usize,
    /// Not found, and in the evidence.
    missed: Vec<String>,
}

impl Count {
    fn add(&mut self, krate: &str, wanted: &Listed, found: &Found, is_there: &IsThere<'_>) {
        let missing = missing(wanted, found);
        self.listed += wanted.len();
        self.found += wanted.len() - missing.len();
        for one in wanted {
            let (size, names) = one;
            let there = is_there(&names[0], *size);
            if !missing.contains(&one) {
                self.witnessed += usize::from(there);
            } else if there {
                self.missed.push(format!("{krate}: {}: {size} B", names[0]));
            } else {
                self.absent += 1;
                eprintln!("not in the binary: {krate}: {}: {size} B", names[0]);
            }
        }
    }

    fn summary(&self, of: &str) -> String {
        let Self {
            listed,
            found,
            witnessed,
            absent,
            missed,
        } = self;
        let missed = missed.len();
        format!(
            "{listed} {of} listed: {found} found ({witnessed} of them in the evidence too), {absent} not in the \
             binary, {missed} missed"
        )
    }

    /// Evidence that does not know what is there excuses what is not. A future may be a type of the binary without
    /// being polled there, which few are.
    fn check_evidence(&self) {
        let unknown = self.found - self.witnessed;
        assert!(unknown * 20 <= self.found, "{unknown} of {}", self.found);
    }
}

/// Whether evidence has a type of a name and size.
type IsThere<'e> = dyn Fn(&str, u64) -> bool + 'e;

/// Why types are missed that are there: what they contain, and the reason.
const REASONS: [(&str, &str); 4] = [
    (
        "ControlFlow<Result<Infallible, story::DistriErr>>",
        "the compiler leaves the default argument `()` out",
    ),
    (
        "(runtime::driver::Driver, runtime::driver::Handle)",
        "not in the binary, which has one of the same words: (io::driver::Driver, io::driver::Handle)",
    ),
    (
        "TryJoin3<async fn process::Child::wait",
        "the binary has no function of the `impl` block, which would tell the type that it is for",
    ),
    (
        "parking_lot::Mutex<parking_lot::RawMutex",
        "the compiler writes it by its re-export from another crate: lock_api::mutex::Mutex",
    ),
];

fn reason(missed: &str) -> &'static str {
    let known = REASONS.iter().find(|(part, _)| missed.contains(part));
    known.map_or("unknown", |(_, reason)| reason)
}

fn check(program: &Program<'_>) -> (Count, Count) {
    let Built {
        executable,
        listings,
    } = build(program);
    let (_, libraries) = listings.split_last().expect("it has a crate of its own");
    let crates: BTreeSet<String> = libraries.iter().map(|one| one.0.clone()).collect();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(program.manifest);
    let options = Options {
        least: listing::LEAST,
        root: manifest.parent().map(PathBuf::from).unwrap_or_default(),
        threads: 2,
    };
    let types = types::read(&executable, &options).expect("it has debug info");
    let alone = Options {
        threads: 1,
        ..options
    };
    let by_one = types::read(&executable, &alone).expect("it has debug info");
    assert!(types.table == by_one.table, "threads change what is read");
    let evidence = Evidence::of(&executable);
    let (mut futures, mut others) = (Count::default(), Count::default());
    for (index, (krate, text)) in listings.iter().enumerate() {
        let scope = |keeps_modules| Scope {
            own: krate,
            crates: &crates,
            keeps_modules,
        };
        let mut scopes = vec![scope(true)];
        if index == libraries.len() && crates.contains(krate) {
            scopes.push(scope(false));
        }
        let (own_futures, own_others) = listed(text, &scopes);
        let found = found(&types.table, &scopes);
        futures.add(krate, &own_futures, &found, &|name, _| {
            evidence.is_polled(name, &scopes[0])
        });
        others.add(krate, &own_others, &found, &|name, size| {
            evidence.is_described(name, size)
        });
    }
    for missed in others.missed.iter().chain(&futures.missed) {
        eprintln!("missed: {missed} ({})", reason(missed));
    }
    eprintln!("{}: {}", program.name, futures.summary("futures"));
    eprintln!("{}: {}", program.name, others.summary("other types"));
    assert_eq!(futures.missed, Vec::<String>::new());
    futures.check_evidence();
    others.check_evidence();
    let there = others.found + others.missed.len();
    assert!(others.missed.len() * 50 <= there, "of {there}");
    (futures, others)
}

#[test]
fn ddsplit() {
    let (futures, others) = check(&Program {
        name: "oracle-ddsplit",
        manifest: "../../Cargo.toml",
        target: &["--package=ddsplit", "--bench=ddsplit"],
        krate: "ddsplit",
    });
    assert!(futures.found > 100 && others.found > 200);
}

#[test]
fn a_published_application() {
    let (futures, others) = check(&Program {
        name: "oracle-mini-redis",
        manifest: "tests/fixtures/mini-redis/Cargo.toml",
        target: &["--bin=redis-run"],
        krate: "redis_run",
    });
    assert!(futures.found > 100 && others.found > 200);
}
