//! The address space of one measured process: which address lies in which file.

use std::collections::HashMap;

use perfkit_model::part::Module;

/// The loaded modules of one process.
#[derive(Debug, Default)]
pub(crate) struct AddressSpace {
    /// Ascending by first address.
    spans: Vec<Span>,
    /// Names of functions the process looked up itself: (binary, address in the file) to name.
    known: HashMap<usize, Vec<(u64, String)>>,
}

#[derive(Debug)]
struct Span {
    start: u64,
    end: u64,
    bias: u64,
    /// Index of the binary.
    binary: usize,
}

/// What a module is, which decides what its nameless code counts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Executable,
    /// The C library and its kin: what they cost belongs to their caller.
    CRuntime,
    /// Another shared library, by its short name: `libssl`.
    Library(String),
    /// The kernel's page.
    Vdso,
}

impl AddressSpace {
    pub(crate) fn new(
        modules: &[Module],
        known: &[(String, u64)],
        binary: impl FnMut(&Module) -> usize,
    ) -> Self {
        let mut binary = binary;
        let mut spans: Vec<Span> = modules
            .iter()
            .map(|module| Span {
                start: module.start,
                end: module.end,
                bias: module.bias,
                binary: binary(module),
            })
            .collect();
        spans.sort_unstable_by_key(|span| span.start);
        let mut space = Self {
            spans,
            known: HashMap::new(),
        };
        for (name, address) in known {
            if let Some((binary, at)) = space.find(*address) {
                space
                    .known
                    .entry(binary)
                    .or_default()
                    .push((at, name.clone()));
            }
        }
        space
    }

    /// (Binary, address in its file).
    pub(crate) fn find(&self, address: u64) -> Option<(usize, u64)> {
        let index = self.spans.partition_point(|span| span.start <= address);
        let span = self.spans.get(index.checked_sub(1)?)?;
        (address < span.end).then(|| (span.binary, address.wrapping_sub(span.bias)))
    }

    /// The name the process knows for a function of a binary.
    pub(crate) fn known(&self, binary: usize, (start, end): (u64, u64)) -> Option<&str> {
        let inside = self
            .known
            .get(&binary)?
            .iter()
            .filter(|(at, _)| (start..end).contains(at));
        // glibc implements memcpy by memmove: one code, two names. The one its own symbols use wins.
        let name = inside
            .map(|(_, name)| name)
            .max_by_key(|name| (*name == "memmove", std::cmp::Reverse(*name)));
        name.map(String::as_str)
    }
}

/// What kind of module a file is; executables are told apart by the caller.
pub(crate) fn kind(path: &str) -> Kind {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split(".so").next().unwrap_or(file);
    let runtime = [
        "libc",
        "libm",
        "libpthread",
        "libdl",
        "librt",
        "libgcc_s",
        "linux-vdso",
    ];
    if path.starts_with('[') {
        Kind::Vdso
    } else if runtime.contains(&stem)
        || stem.starts_with("ld-")
        || stem.starts_with("libc-")
        || stem.starts_with("libc.musl")
    {
        Kind::CRuntime
    } else {
        Kind::Library(stem.to_owned())
    }
}
