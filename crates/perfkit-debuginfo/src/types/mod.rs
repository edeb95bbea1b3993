//! Layouts of types and futures out of the debug info of a binary.
//!
//! Any build with `debug = 2` has them; no other build and no nightly compiler is needed. A structure, enum, union,
//! closure or future that no generated code mentions is not in a binary, and not here.
//!
//! How it works: units are read one after the other, on as many threads as wanted, into flat lists (`unit`); types
//! of at least a given size and all futures become layouts (`resolve`), in bounded memory (`room`); variables of the
//! functions that poll futures give the lines on which what a future holds is declared (`bodies`); names are brought
//! into the one form of all reports ([`crate::names::qualified`]). Method: DWARF 5, sections 2 and 5; rustc's
//! description of coroutines as variant parts whose `SuspendN` structures hold what is live across an await
//! (rust-lang/rust#73524).

mod bodies;
mod opened;
mod resolve;
mod room;
mod sections;
mod unit;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use perfkit_model::layout::{Place, TypeKind, TypeLayout, TypeTable};

use bodies::Bodies;
use opened::{Opened, Opener};
use resolve::{Resolver, Units};
use room::Room;
use sections::Sections;
use unit::RawUnit;

use crate::{files, names};

/// What to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Fewest bytes of a type that is no future. All futures are read.
    pub least: u64,
    /// Folder that source files are shown relative to.
    pub root: PathBuf,
    /// Threads, at least one.
    pub threads: usize,
}

/// Types, and what was read to find them.
#[derive(Debug, Clone, Default)]
pub struct Types {
    /// The types.
    pub table: TypeTable,
    /// Bytes of `.debug_info`.
    pub info_bytes: u64,
    /// Units in it.
    pub units: usize,
}

/// Why types could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is missing or may not be read.
    #[error("failed to read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is no executable, or is cut short.
    #[error("{path} is not a readable binary")]
    NotABinary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: object::Error,
    },
    /// A section claims to be larger than the file can hold.
    #[error("a section of {path} claims to be larger than the file")]
    Oversized {
        /// The file.
        path: PathBuf,
    },
    /// Stripped, or built without.
    #[error("{path} has no debug info, which is where types are described")]
    NoDebugInfo {
        /// The file.
        path: PathBuf,
    },
    /// The types are in other files.
    #[error("the debug info of {path} is split into other files, which are not read")]
    SplitDebugInfo {
        /// The file.
        path: PathBuf,
    },
    /// Line tables, or `debug = 1`.
    #[error("the debug info of {path} describes no types")]
    NoTypes {
        /// The file.
        path: PathBuf,
    },
}

impl ReadError {
    /// Which setting to change.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoDebugInfo { .. } => Some(
                "set `debug = 2` and `strip = \"none\"` in the profile; `cargo perfkit` does so unless the profile's \
                 section of a package says otherwise",
            ),
            Self::SplitDebugInfo { .. } => Some("set `split-debuginfo = \"off\"` in the profile"),
            Self::NoTypes { .. } => Some(
                "`debug = 1` and line tables describe functions only: set `debug = 2` in the profile",
            ),
            Self::NotABinary { .. } | Self::Oversized { .. } => Some("build it anew"),
            Self::Unreadable { .. } => None,
        }
    }
}

/// Reads the types of a binary.
///
/// # Errors
/// When the file cannot be read, is no binary, or has no debug info that describes types. Damage inside debug info
/// is no error: what could be read stands.
pub fn read(path: &Path, options: &Options) -> Result<Types, ReadError> {
    let sections = Sections::open(path)?;
    let ranges = sections.units();
    let room = Room::new(sections.info_length());
    let mut all = Collected::new(room);
    let next = AtomicUsize::new(0);
    let hashes = RandomState::new();
    let collected = std::thread::scope(|scope| {
        let worker = || {
            let mut collected = Collected::new(room);
            let mut opener = Opener::new(&sections);
            let mut buffer = Vec::new();
            while let Some((start, length)) = ranges.get(next.fetch_add(1, Ordering::Relaxed)) {
                let bytes = sections.info(*start, *length, &mut buffer);
                if let Some(mut unit) = opener.open(&bytes) {
                    collected.unit(&mut opener, &mut unit, *start, options, &hashes);
                }
            }
            collected
        };
        let workers: Vec<_> = (0..options.threads.max(1))
            .map(|_| scope.spawn(worker))
            .collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.collect::<Vec<_>>()
    });
    for collected in collected {
        all.merge(collected.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    }
    if all.refers_elsewhere {
        all = together(&sections, &ranges, options, &hashes, room);
    }
    if all.types_seen == 0 {
        let path = path.to_owned();
        return Err(if all.is_split {
            ReadError::SplitDebugInfo { path }
        } else {
            ReadError::NoTypes { path }
        });
    }
    Ok(Types {
        info_bytes: sections.info_length(),
        units: ranges.len(),
        table: all.table(options, room),
    })
}

/// Reads all units before any of their types: after link-time optimisation, units refer to each other's.
fn together(
    sections: &Sections,
    ranges: &[(u64, u64)],
    options: &Options,
    hashes: &RandomState,
    room: Room,
) -> Collected {
    let mut buffer = Vec::new();
    let info = sections.info(0, sections.info_length(), &mut buffer);
    let mut collected = Collected::new(room);
    let mut opener = Opener::new(sections);
    let (mut units, mut opened) = (Vec::new(), Vec::new());
    for (start, length) in ranges {
        let end = start.saturating_add(*length) as usize;
        let bytes = info.get(*start as usize..end).unwrap_or_default();
        if let Some(mut unit) = opener.open(bytes) {
            units.push(unit::read(&unit.dwarf, &unit.unit, *start, options.least));
            // Only its source files are still asked for.
            unit.unit.abbreviations = Arc::default();
            opened.push(unit);
        }
    }
    let mut resolver = Resolver {
        units: Units(&units),
        least: options.least,
        seen: HashSet::new(),
        hashes: hashes.clone(),
        room: Cell::new(room),
    };
    for (unit, opened) in units.iter().zip(&mut opened) {
        let mut file = |index| opener.file(opened, index);
        collected.note(unit);
        collected
            .bodies
            .collect(unit, &mut collected.room, &mut file);
        resolver.layouts(unit, &mut file, |layout| collected.types.push(layout));
    }
    collected
}

/// What one thread has found.
struct Collected {
    room: Room,
    types: Vec<TypeLayout>,
    bodies: Bodies,
    seen: HashSet<u64>,
    types_seen: usize,
    refers_elsewhere: bool,
    is_split: bool,
}

impl Collected {
    fn new(room: Room) -> Self {
        Self {
            room,
            types: Vec::new(),
            bodies: Bodies::default(),
            seen: HashSet::new(),
            types_seen: 0,
            refers_elsewhere: false,
            is_split: false,
        }
    }

    fn unit<'s: 'u, 'u>(
        &mut self,
        opener: &mut Opener<'s>,
        opened: &mut Opened<'u>,
        start: u64,
        options: &Options,
        hashes: &RandomState,
    ) {
        let raw = unit::read(&opened.dwarf, &opened.unit, start, options.least);
        self.note(&raw);
        if self.refers_elsewhere {
            return;
        }
        let mut file = |index| opener.file(opened, index);
        self.bodies.collect(&raw, &mut self.room, &mut file);
        let mut resolver = Resolver {
            units: Units(std::slice::from_ref(&raw)),
            least: options.least,
            seen: std::mem::take(&mut self.seen),
            hashes: hashes.clone(),
            room: Cell::new(self.room),
        };
        resolver.layouts(&raw, &mut file, |layout| self.types.push(layout));
        self.seen = resolver.seen;
        self.room = resolver.room.get();
    }

    fn note(&mut self, unit: &RawUnit<'_>) {
        self.types_seen += unit
            .entries
            .iter()
            .filter(|entry| entry.size.is_some())
            .count();
        self.refers_elsewhere |= unit.refers_elsewhere;
        self.is_split |= unit.is_split;
    }

    fn merge(&mut self, other: Self) {
        self.types.extend(other.types);
        self.bodies.merge(other.bodies);
        self.types_seen += other.types_seen;
        self.refers_elsewhere |= other.refers_elsewhere;
        self.is_split |= other.is_split;
    }

    fn table(self, options: &Options, room: Room) -> TypeTable {
        let Self {
            types, mut bodies, ..
        } = self;
        bodies.settle();
        let mut normal = Normal {
            bodies: &bodies,
            root: &options.root,
            room,
            names: HashMap::new(),
            files: HashMap::new(),
        };
        let types = types.into_iter().map(|layout| normal.layout(layout));
        let mut table = TypeTable {
            types: types.collect(),
        };
        table.settle();
        table
    }
}

/// Brings names and files into the form of reports, each spelling once.
struct Normal<'a> {
    bodies: &'a Bodies,
    root: &'a Path,
    room: Room,
    names: HashMap<String, String>,
    files: HashMap<String, String>,
}

impl Normal<'_> {
    fn layout(&mut self, mut layout: TypeLayout) -> TypeLayout {
        if layout.kind.is_future() || layout.kind == TypeKind::Closure {
            self.bodies.locate(&mut layout);
        }
        layout.krate = names::crate_of_type(&layout.name);
        layout.name = self.name(&layout.name);
        self.place(&mut layout.place);
        for variant in &mut layout.variants {
            self.place(&mut variant.place);
            for field in &mut variant.fields {
                field.type_name = self.name(&field.type_name);
                self.place(&mut field.place);
            }
        }
        for field in &mut layout.fields {
            field.type_name = self.name(&field.type_name);
            self.place(&mut field.place);
        }
        layout
    }

    fn name(&mut self, raw: &str) -> String {
        if self.room.is_full() {
            return raw.to_owned();
        }
        if !self.names.contains_key(raw) {
            let name = names::qualified(raw, self.bodies);
            self.names.insert(raw.to_owned(), name);
        }
        let name = &self.names[raw];
        // What stands for an `impl` block may be much longer than the block's number.
        self.room.take(name.len());
        name.clone()
    }

    fn place(&mut self, place: &mut Option<Place>) {
        let Some(place) = place else { return };
        if let Some(file) = self.files.get(&place.file) {
            place.file.clone_from(file);
            return;
        }
        let file = files::relative(&place.file, self.root).path;
        self.files
            .insert(std::mem::replace(&mut place.file, file.clone()), file);
    }
}
