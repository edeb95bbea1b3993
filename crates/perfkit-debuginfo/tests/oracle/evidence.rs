//! What a binary has, told by its symbols and by the bare entries of its debug info.
//!
//! The compiler lists every type whose layout it has computed. Many are in no binary: code that uses them was never
//! generated, was thrown away because nothing calls it, or has kept no variable of the type. To tell those from what
//! the reader has missed, entries are taken one by one, without modules, fields and `impl` blocks, and names are
//! compared as the sets of words in them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use gimli::{DwarfSections, EndianSlice, RunTimeEndian};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use perfkit_debuginfo::names::{self, Facts};

use crate::listing::{Scope, common};

/// Of each path in a name the types and the end.
type Words = BTreeSet<String>;

/// What is there.
#[derive(Default)]
pub(crate) struct Evidence {
    /// Functions that poll the futures of functions, inlined ones included, with their crates where symbols tell.
    functions: HashSet<(Option<String>, Words)>,
    /// The same of futures inside of functions.
    blocks: HashSet<(Option<String>, Words)>,
    /// Lines on which functions begin that poll futures.
    lines: HashSet<u64>,
    /// First word and all words of types, by size.
    types: HashMap<u64, HashSet<(String, Words)>>,
}

/// Entries alone tell nothing of `impl` blocks.
struct Nothing;

impl Facts for Nothing {
    fn implementor(&self, _: &str) -> Option<&str> {
        None
    }

    fn is_async_closure(&self, _: &str) -> bool {
        false
    }
}

impl Evidence {
    pub(crate) fn of(executable: &Path) -> Self {
        let bytes = std::fs::read(executable).expect("it was just built");
        let object = object::File::parse(&*bytes).expect("cargo built a program");
        let mut evidence = Self::default();
        for symbol in object.symbols() {
            evidence.symbol(symbol.name_bytes().unwrap_or_default());
        }
        let section = |id: gimli::SectionId| {
            let section = object.section_by_name(id.name());
            let data = section.and_then(|section| section.uncompressed_data().ok());
            Ok::<_, gimli::Error>(data.unwrap_or_default())
        };
        let sections = DwarfSections::load(section).expect("the sections are there");
        let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, RunTimeEndian::Little));
        evidence.entries(&dwarf).expect("rustc writes valid DWARF");
        evidence
    }

    fn entries(
        &mut self,
        dwarf: &gimli::Dwarf<EndianSlice<'_, RunTimeEndian>>,
    ) -> Result<(), gimli::Error> {
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            let unit = dwarf.unit(header)?;
            let mut entries = unit.entries();
            while let Some(entry) = entries.next_dfs()? {
                let text = |name| {
                    let text = dwarf.attr_string(&unit, entry.attr_value(name)?);
                    text.ok()
                };
                let number = |name| entry.attr_value(name)?.udata_value();
                if let Some(symbol) = text(gimli::DW_AT_linkage_name) {
                    self.symbol(symbol.slice());
                }
                let Some(name) = text(gimli::DW_AT_name) else {
                    continue;
                };
                let name = name.to_string_lossy();
                if entry.tag() == gimli::DW_TAG_subprogram && name.starts_with("{async") {
                    self.lines.extend(number(gimli::DW_AT_decl_line));
                }
                if let Some(size) = number(gimli::DW_AT_byte_size) {
                    self.types.entry(size).or_default().insert(of_type(&name));
                }
            }
        }
        Ok(())
    }

    fn symbol(&mut self, symbol: &[u8]) {
        let symbol = std::str::from_utf8(symbol).unwrap_or_default();
        let Some(name) = names::demangle(symbol) else {
            return;
        };
        let Some(around) = name.strip_suffix("::{closure#0}") else {
            return;
        };
        let krate = names::defining_crate(symbol).map(str::to_owned);
        let around = with_plain_closures(around);
        let bodies = if around.ends_with('}') {
            &mut self.blocks
        } else {
            &mut self.functions
        };
        let around = around.split("::{closure#").next().unwrap_or(&around);
        bodies.insert((krate, words(around, Owners::Kept)));
    }

    /// Whether a function of the binary, or one that was inlined, polls this future of a crate's listing.
    pub(crate) fn is_polled(&self, future: &str, scope: &Scope<'_>) -> bool {
        // What has no name has a line.
        if let Some((_, place)) = future.split_once(" at ") {
            let line = place.rsplit_once(':');
            let line = line.and_then(|(_, line)| line.parse().ok());
            return line.is_some_and(|line| self.lines.contains(&line));
        }
        let wanted = words(future, Owners::Kept);
        let bodies = if future.starts_with("async fn") {
            &self.functions
        } else {
            &self.blocks
        };
        let mut named = bodies.iter().filter(|(_, words)| *words == wanted);
        let path = future.split_once(" in ").map(|(_, path)| path);
        let path = path.or(future.strip_prefix("async fn ")).unwrap_or(future);
        let krate = path.split("::").next();
        let krate = krate.filter(|krate| scope.crates.contains(*krate));
        let krate = krate.unwrap_or(scope.own);
        // An implementation of a trait may be in any crate.
        let is_anywhere = path.starts_with('<');
        named.any(|(of, _)| is_anywhere || of.as_deref().is_none_or(|of| of == krate))
    }

    /// Whether debug info has a type of that size and these words.
    pub(crate) fn is_described(&self, name: &str, size: u64) -> bool {
        let wanted = (first(name), words(name, Owners::Dropped));
        self.types
            .get(&size)
            .is_some_and(|types| types.contains(&wanted))
    }
}

/// With `closure` for every argument that is a closure: the listing does not tell in which function it is.
fn with_plain_closures(name: &str) -> String {
    let mut name = name.to_owned();
    let ends = ["}>", "},", "})"];
    while let Some(end) = ends.iter().filter_map(|end| name.find(end)).min() {
        let (mut start, mut depth) = (0, 0_u32);
        for (at, char) in name[..end].char_indices().rev() {
            match char {
                '>' | ')' | '}' => depth += 1,
                '<' | '(' | '{' if depth > 0 => depth -= 1,
                '<' | '(' => {
                    start = at + 1;
                    break;
                }
                ',' if depth == 0 => {
                    start = at + 1;
                    break;
                }
                _ => {}
            }
        }
        name.replace_range(start..=end, "closure");
    }
    name
}

/// Of the name of an entry, which has no modules of its own.
fn of_type(name: &str) -> (String, Words) {
    let scope = Scope {
        own: "",
        crates: &BTreeSet::new(),
        keeps_modules: true,
    };
    let name = common(&names::qualified(name, &Nothing), &scope);
    (first(&name), words(&name, Owners::Dropped))
}

/// Whether the type that an async method belongs to is a word: entries have it as `{impl#3}`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owners {
    Kept,
    Dropped,
}

fn words(name: &str, owners: Owners) -> Words {
    let is_word = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    let of_the_spelling = [
        "", "async", "fn", "block", "closure", "in", "dyn", "mut", "const", "as", "for", "impl",
    ];
    let mut words = Words::new();
    let mut before = "";
    for path in name.split(|char| !is_word(char)) {
        let path = path.trim_matches(':');
        let (modules, last) = path.rsplit_once("::").unwrap_or(("", path));
        let is_method = before == "fn" && owners == Owners::Dropped;
        let types = modules.split("::").filter(|_| !is_method);
        let types = types.filter(|name| name.starts_with(char::is_uppercase));
        let found = types.chain([last]);
        let found = found.filter(|word| !of_the_spelling.contains(word));
        words.extend(found.map(str::to_owned));
        before = path;
    }
    words
}

fn first(name: &str) -> String {
    let is_word = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    let path = name.split(|char| !is_word(char)).next().unwrap_or(name);
    path.rsplit("::").next().unwrap_or(path).to_owned()
}
