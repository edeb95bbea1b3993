//! One level of a resolved address in normal form: what debug info said, after the name normaliser.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::categories;
use crate::files::{self, Origin};
use crate::names;

/// What debug info says about one level of an address, as it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raw<'a> {
    /// Mangled name: `DW_AT_linkage_name`, or the symbol table's for a function that was not inlined.
    pub symbol: Option<&'a str>,
    /// `DW_AT_name` of the function, or of what it is an inlined copy of.
    pub debug_name: Option<&'a str>,
    /// Source file of the line within this level.
    pub file: Option<&'a str>,
    /// That line; 0 where unknown.
    pub line: u32,
}

/// One level of an address in normal form. Independent of the run it was seen in, so it can be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Code {
    /// Readable path: `ddsplit::store::reassemble`, `malloc`. Empty where there is no name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Closures and coroutines below the path: `::{closure#0}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nested: String,
    /// Crate that holds the code; empty for C.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub krate: String,
    /// Source file relative to the workspace, or from its package's folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Line.
    pub line: u32,
    /// Where the file belongs.
    pub origin: Origin,
    /// Whether it is a named function of a C library, which costs on behalf of its caller.
    pub c_library: bool,
    /// What else the name tells.
    pub role: Role,
}

/// What a name tells besides the function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nothing.
    #[default]
    Function,
    /// It is the body of an async function, block or closure.
    Async,
    /// The executor polls a spawned task here.
    Poll {
        /// Name of the task: `store::serve`.
        task: String,
        /// Whether it is a task of the blocking pool.
        blocking: bool,
    },
    /// A move the compiler annotated.
    Moved {
        /// The type's short name.
        ty: String,
        /// Its bytes.
        size: u64,
    },
}

/// Functions that poll a spawned task; the first generic argument is the task's future.
const POLLS: [&str; 6] = [
    "tokio::runtime::task::raw::poll",
    "tokio::runtime::task::harness::Harness::poll",
    "tokio::runtime::task::harness::Harness::poll_inner",
    "tokio::runtime::task::harness::poll_future",
    "tokio::runtime::task::harness::poll_inner",
    "tokio::runtime::task::core::Core::poll",
];

/// Functions the compiler puts around an annotated move.
const MOVES: [&str; 2] = [
    "core::profiling::compiler_move",
    "core::profiling::compiler_copy",
];

/// Brings one level of an address into normal form. `root` is the measured workspace's folder.
#[must_use]
pub fn normalise(raw: &Raw<'_>, root: &Path) -> Code {
    let source = files::relative(raw.file.unwrap_or_default(), root);
    let module = match source.origin {
        Origin::Unknown => None,
        _ => files::module(&source.path),
    };
    let demangled = raw.symbol.and_then(names::demangle);
    let rust_name = raw.debug_name.filter(|_| source.path.ends_with(".rs"));
    let mut code = Code {
        // Without a line the file is only where an inlined piece came from.
        file: if raw.line > 0 {
            source.path
        } else {
            String::new()
        },
        line: raw.line,
        origin: source.origin,
        ..Code::default()
    };
    let spelled = match (&demangled, rust_name, raw.symbol.or(raw.debug_name)) {
        (Some(name), ..) => {
            let krate = raw.symbol.and_then(names::defining_crate);
            let function = names::function(name, krate);
            (code.path, code.nested, code.krate) = (function.path, function.nested, function.krate);
            if let Some(shim) = code.path.strip_prefix("__rustc::") {
                // The compiler's allocation shims: no crate of anyone's.
                (code.path, code.krate) = (shim.to_owned(), String::new());
            }
            name.as_str()
        }
        (None, Some(name), _) => {
            // Line tables hold bare names; the source file tells the rest.
            let (krate, module) = module.unwrap_or_default();
            let function = names::function(name, Some(&krate));
            let place = [module, function.path];
            let place: Vec<&str> = place
                .iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            code.path = if place.last().is_some_and(|last| last.starts_with("drop ")) {
                place[place.len() - 1].to_owned()
            } else {
                place.join("::")
            };
            (code.nested, code.krate) = (function.nested, krate);
            name
        }
        (None, None, Some(symbol)) => {
            code.path = categories::canonical(symbol);
            code.krate = module.map(|(krate, _)| krate).unwrap_or_default();
            return code;
        }
        (None, None, None) => return code,
    };
    code.role = role(spelled, raw.debug_name.unwrap_or_default(), &code);
    code
}

/// Gives closures without a function, as line tables have them, the nearest caller from the same file.
///
/// `levels` are those of one address, innermost first. A closure is inlined into what its own function calls, so
/// that function is further out; where it is not, the closure keeps its module's name.
pub fn adopt_closures(levels: &mut [Code]) {
    for index in 0..levels.len() {
        let (inner, outer) = levels.split_at_mut(index + 1);
        let closure = &mut inner[index];
        if closure.nested.is_empty() || !is_module(closure) {
            continue;
        }
        let parent = outer
            .iter()
            .find(|code| code.file == closure.file && !is_module(code));
        if let Some(parent) = parent {
            closure.path.clone_from(&parent.path);
            closure.nested.insert_str(0, &parent.nested);
            closure.krate.clone_from(&parent.krate);
        }
    }
}

/// Whether a path is no more than the file suggests.
fn is_module(code: &Code) -> bool {
    let module = files::module(&code.file);
    code.path == module.map_or(String::new(), |(_, module)| module)
}

fn role(spelled: &str, debug_name: &str, code: &Code) -> Role {
    let path = code.path.as_str();
    if MOVES.contains(&path)
        && let [ty, size, ..] = names::arguments(spelled).as_slice()
    {
        return Role::Moved {
            ty: names::type_name(ty, &names::kinds(debug_name)),
            size: size.parse().unwrap_or(0),
        };
    }
    if POLLS.contains(&path)
        && code.nested.is_empty()
        && let Some(future) = names::arguments(spelled).first()
    {
        let (task, blocking) = names::task_name(future, &names::kinds(debug_name));
        return Role::Poll { task, blocking };
    }
    match names::body_kind(debug_name) {
        Some(names::BodyKind::Closure) | None => Role::Function,
        Some(_) => Role::Async,
    }
}
