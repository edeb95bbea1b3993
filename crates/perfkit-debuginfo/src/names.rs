//! The one name normaliser: every function, task and type name in a report comes from here.
//!
//! Two spellings of one thing meet in debug info. The mangled symbol knows the whole path and the type an impl
//! is for, and calls every coroutine `{closure#0}`. `DW_AT_name` knows what kind of body that is
//! (`{async_fn#0}`, `{async_block_env#1}`), and calls impls `{impl#3}`. Names are taken from the symbol and kinds
//! from `DW_AT_name`; neither is guessed.

mod text;

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use text::{Path, Piece, Segment, Type};

/// A function's name taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionName {
    /// Readable path without generic arguments and closures: `ddsplit::store::reassemble`.
    pub path: String,
    /// What follows the path: `::{closure#0}::{closure#1}` for a closure in an async function. Empty for a function.
    pub nested: String,
    /// The crate that holds the code. Empty where it could not be told.
    pub krate: String,
}

/// The kind of body a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// `{async_fn#0}`, `{async_fn_env#0}`.
    AsyncFn,
    /// `{async_block#0}`, and generator blocks, which suspend just the same.
    AsyncBlock,
    /// `{async_closure#0}`.
    AsyncClosure,
    /// `{closure#0}` where debug info says so. The same spelling in a symbol says nothing: see [`Kinds`].
    Closure,
}

/// Kinds of the coroutines and closures named in a `DW_AT_name`, to be looked up for a name from a symbol.
///
/// The key is the function around them and their numbers, which both spellings share.
#[derive(Debug, Default)]
pub struct Kinds(HashMap<(String, Vec<String>), BodyKind>);

/// Wrappers around a future that say nothing about which task it is, with the argument that holds the future.
const FUTURE_WRAPPERS: [(&str, usize); 9] = [
    ("Instrumented", 0),
    ("WithDispatch", 0),
    ("BlockingTask", 0),
    ("AssertUnwindSafe", 0),
    ("CatchUnwind", 0),
    ("TaskLocalFuture", 1),
    ("Abortable", 0),
    ("Pin", 0),
    ("Box", 0),
];

/// Allocator argument that only `DW_AT_name` spells out.
const DEFAULT_ARGUMENT: &str = "Global";

/// Bytes of a demangled name. A few bytes of a damaged symbol may stand for a megabyte, and nobody reads a name of this
/// length.
const LONGEST: usize = 64 << 10;

/// Demangles a Rust symbol, v0 or legacy, without hashes. `None` for any other symbol, and for one that is too long.
#[must_use]
pub fn demangle(symbol: &str) -> Option<String> {
    let demangled = rustc_demangle::try_demangle(symbol).ok()?;
    let mut name = Bounded(String::new());
    write!(name, "{demangled:#}").ok()?;
    Some(name.0)
}

/// Text that does not grow beyond [`LONGEST`].
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Takes a demangled function name apart.
///
/// `krate` is the crate that holds the code, where it is known (see [`defining_crate`]). It decides between the
/// type and the trait: `<T as Trait>::method` is `T::method`, unless `T` is foreign and the trait is not.
#[must_use]
pub fn function(demangled: &str, krate: Option<&str>) -> FunctionName {
    let path = text::path(demangled);
    if let Some(dropped) = drop_glue(&path) {
        return FunctionName {
            path: dropped,
            nested: String::new(),
            krate: "core".to_owned(),
        };
    }
    let krate = krate.map_or_else(|| crate_of(&path), str::to_owned);
    let nested = path.segments.iter().filter(|segment| is_body(segment.name));
    let nested = nested.fold(String::new(), |nested, segment| {
        nested + "::" + segment.name
    });
    FunctionName {
        path: base(&path, &krate).join("::"),
        nested,
        krate,
    }
}

/// What an `impl` block is for, told by one of its functions: its type, or for a block for any type its trait, which is
/// so where `arguments`, those of the function's `DW_AT_name`, begin with the type.
///
/// `krate` as in [`function`]. A type's own arguments are kept where the function has none, because then the block is
/// for that one type: `edit::session::Session<edit::codec::Json>`.
#[must_use]
pub fn implementor(demangled: &str, krate: Option<&str>, arguments: &[String]) -> Option<String> {
    let path = text::path(demangled);
    let head = path.head.as_ref()?;
    let of_trait = head.of_trait.as_ref().and_then(segments_of);
    let of_any_type = arguments.first() == Some(&verbatim(&head.own));
    let krate = krate.map_or_else(|| crate_of(&path), str::to_owned);
    if let Some(of_trait) = of_trait.filter(|_| of_any_type) {
        return Some(base(of_trait, &krate).join("::"));
    }
    let own = segments_of(&head.own);
    if let Some(own) = own.filter(|own| arguments.is_empty() && crate_of(own) == krate) {
        let mut name = String::new();
        write_qualified_path(own, &NoFacts, &mut name);
        return Some(name);
    }
    let alone = Path {
        head: path.head.clone(),
        segments: Vec::new(),
    };
    let names = base(&alone, &krate);
    (!names.is_empty()).then(|| names.join("::"))
}

/// The crate a v0 symbol's code is written in: for an impl the crate of the impl block, which the demangled text
/// no longer tells. `None` for other symbols and for a trait's own default methods.
#[must_use]
pub fn defining_crate(symbol: &str) -> Option<&str> {
    let mut rest = symbol
        .strip_prefix("_R")
        .or_else(|| symbol.strip_prefix("__R"))?;
    loop {
        rest = match rest.as_bytes().first()? {
            b'N' => rest.get(2..)?,
            b'I' => &rest[1..],
            b'M' | b'X' => disambiguated(&rest[1..])?,
            b'C' => {
                let rest = disambiguated(&rest[1..])?;
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let length: usize = rest[..digits].parse().ok()?;
                let name = &rest[digits..];
                let name = name.strip_prefix('_').unwrap_or(name);
                return name.get(..length);
            }
            _ => return None,
        };
    }
}

/// The kind of body a function's `DW_AT_name` stands for; `None` for a function with a name of its own.
#[must_use]
pub fn body_kind(debug_name: &str) -> Option<BodyKind> {
    let path = text::path(debug_name);
    kind_of(path.segments.last()?.name).filter(|_| !debug_name.starts_with('<'))
}

/// The kinds of all coroutines and closures a `DW_AT_name` mentions.
#[must_use]
pub fn kinds(debug_name: &str) -> Kinds {
    let mut kinds = Kinds::default();
    collect_kinds(&text::ty(debug_name), &mut kinds);
    kinds
}

/// A type as a person would write it: module paths dropped, futures named after their function.
///
/// `core::result::Result<ddsplit::SuccessCode, ddsplit::DistriErr>` is `Result<SuccessCode, DistriErr>`,
/// `ddsplit::store::reassemble::{async_fn_env#0}` is `async fn store::reassemble`. Takes both spellings;
/// a `{closure#0}` whose kind is not among `kinds` stays a `closure in …`.
#[must_use]
pub fn type_name(ty: &str, kinds: &Kinds) -> String {
    let mut name = String::new();
    write_type(&text::ty(ty), kinds, &mut name);
    name
}

/// What only the whole of a binary tells about a name in its debug info.
pub trait Facts {
    /// The type or trait that the `impl` block of this path is for: `ddsplit::link::{impl#1}`.
    fn implementor(&self, block: &str) -> Option<&str>;
    /// Whether the closure of this path is an async one: `edit::fetch::{closure#0}`.
    fn is_async_closure(&self, path: &str) -> bool;
}

/// Nothing is known.
struct NoFacts;

impl Facts for NoFacts {
    fn implementor(&self, _: &str) -> Option<&str> {
        None
    }

    fn is_async_closure(&self, _: &str) -> bool {
        false
    }
}

/// A type's name as tables of types have it: with crate, modules and generic arguments, futures and closures named
/// after the function they are written in, and `{impl#1}` as the type that the block is for.
///
/// `ddsplit::link::{impl#1}::load::{async_fn_env#0}<ddsplit::story::DistriErr>` is
/// `async fn ddsplit::link::Link::load<ddsplit::story::DistriErr>`.
#[must_use]
pub fn qualified(ty: &str, facts: &dyn Facts) -> String {
    let mut name = String::new();
    write_qualified(&text::ty(ty), facts, &mut name);
    name
}

/// The crate that a type is defined in, as its name in debug info tells; empty for tuples, arrays and pointers.
#[must_use]
pub fn crate_of_type(ty: &str) -> String {
    match text::ty(ty).as_slice() {
        [Piece::Path(path)] => crate_of(path),
        _ => String::new(),
    }
}

/// The name of the task that runs a future of this type: `store::serve` for
/// `ddsplit::store::serve::{async_fn_env#0}`. The second value tells a task of the blocking pool.
#[must_use]
pub fn task_name(future: &str, kinds: &Kinds) -> (String, bool) {
    let ty = text::ty(future);
    let mut blocking = false;
    let mut inner = &ty;
    while let [Piece::Path(Path { segments, .. })] = inner.as_slice()
        && let Some(last) = segments.last()
    {
        blocking |= last.name == "BlockingTask";
        if is_body(last.name) {
            let path = segments_of(inner);
            return (path.map_or_else(String::new, place), blocking);
        }
        let ours = segments[0].name.starts_with("perfkit");
        let wrapper = FUTURE_WRAPPERS.iter().find(|(name, _)| *name == last.name);
        match wrapper.map(|(_, argument)| *argument).or(ours.then_some(0)) {
            Some(argument) if last.arguments.len() > argument => inner = &last.arguments[argument],
            _ => break,
        }
    }
    let mut name = String::new();
    write_type(inner, kinds, &mut name);
    (name, blocking)
}

/// Generic arguments of a function's demangled or debug name: its own, or else those of the type it belongs to.
#[must_use]
pub fn arguments(name: &str) -> Vec<String> {
    let path = text::path(name);
    let own = path
        .segments
        .iter()
        .rev()
        .find(|segment| !segment.arguments.is_empty());
    let head = path
        .head
        .as_ref()
        .and_then(|head| segments_of(&head.own)?.segments.last());
    let holder = own.or_else(|| head.filter(|segment| !segment.arguments.is_empty()));
    let arguments = holder.map_or(&[][..], |segment| &segment.arguments);
    arguments.iter().map(verbatim).collect()
}

/// `drop Result<u64, DistriErr>` for `core::ptr::drop_in_place`, whose argument is all it says.
fn drop_glue(path: &Path<'_>) -> Option<String> {
    let last = path.segments.last()?;
    let dropped = last
        .arguments
        .first()
        .filter(|_| last.name == "drop_in_place")?;
    let mut name = "drop ".to_owned();
    write_type(dropped, &Kinds::default(), &mut name);
    Some(name)
}

fn crate_of(path: &Path<'_>) -> String {
    let from = |ty: &Type<'_>| Some(segments_of(ty)?.segments.first()?.name.to_owned());
    match &path.head {
        // Only a trait's default methods come here with a symbol; they are written where the trait is.
        Some(head) => head
            .of_trait
            .as_ref()
            .and_then(from)
            .or_else(|| from(&head.own)),
        None if path.segments.len() < 2 => None,
        None => path.segments.first().map(|segment| segment.name.to_owned()),
    }
    .unwrap_or_default()
}

/// Path segments without generics, closures and impl numbers.
fn base<'a>(path: &Path<'a>, krate: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    if let Some(head) = &path.head {
        let own = segments_of(&head.own);
        let own_is_body =
            own.is_some_and(|own| own.segments.last().is_some_and(|last| is_body(last.name)));
        let of_trait = head.of_trait.as_ref().and_then(segments_of);
        let in_crate = |path: &Path<'_>| crate_of(path) == krate;
        names = match (own, of_trait) {
            (_, Some(of_trait)) if own_is_body => base(of_trait, krate),
            (Some(own), Some(of_trait)) if !in_crate(own) && in_crate(of_trait) => {
                base(of_trait, krate)
            }
            (Some(own), _) => base(own, krate),
            (None, Some(of_trait)) => base(of_trait, krate),
            (None, None) => vec![shape(&head.own)],
        };
    }
    let plain = path.segments.iter().map(|segment| segment.name);
    names.extend(plain.filter(|name| !is_body(name) && !name.starts_with("{impl#")));
    names
}

/// Name of a type that has no path.
fn shape(ty: &Type<'_>) -> &'static str {
    match ty.first() {
        Some(Piece::Text(text)) if text.starts_with('[') => "slice",
        Some(Piece::Text(text)) if text.starts_with('(') => "tuple",
        Some(Piece::Text(text)) if text.starts_with("fn") => "fn",
        Some(Piece::Text(text)) if text.starts_with('*') => "pointer",
        _ => "type",
    }
}

/// The first path in a type: `store::Pool` in `&mut store::Pool<u8>`. Not for slices and tuples, whose first
/// path is only an element.
fn segments_of<'t, 'a>(ty: &'t Type<'a>) -> Option<&'t Path<'a>> {
    match ty.first()? {
        Piece::Text(text) if text.starts_with(['[', '(', '*']) || text.starts_with("fn") => {
            return None;
        }
        _ => {}
    }
    ty.iter().find_map(|piece| match piece {
        Piece::Path(path) => Some(path),
        Piece::Text(_) => None,
    })
}

/// Where a coroutine or closure is written, without its crate: `store::reassemble`.
fn place(path: &Path<'_>) -> String {
    let names = base(path, "");
    // A single name is a function at the top of a crate whose name is not there to be dropped.
    names[usize::from(names.len() > 1)..].join("::")
}

fn is_body(name: &str) -> bool {
    // `{shim:vtable#0}` and inline constants are folded like closures: they are no function a person wrote.
    name.starts_with('{') && !name.starts_with("{impl#")
}

fn kind_of(name: &str) -> Option<BodyKind> {
    let name = name.strip_prefix('{')?;
    let rows = [
        ("async_fn", BodyKind::AsyncFn),
        ("async_block", BodyKind::AsyncBlock),
        ("async_closure", BodyKind::AsyncClosure),
        ("async_gen", BodyKind::AsyncBlock),
        ("gen_", BodyKind::AsyncBlock),
        ("coroutine", BodyKind::AsyncBlock),
        ("closure", BodyKind::Closure),
        ("{closure", BodyKind::Closure),
    ];
    let row = rows.iter().find(|(start, _)| name.starts_with(start));
    row.map(|(_, kind)| *kind)
}

fn key(path: &Path<'_>) -> (String, Vec<String>) {
    let plain = path
        .segments
        .iter()
        .rev()
        .find(|segment| !is_body(segment.name));
    let numbers = path.segments.iter().filter(|segment| is_body(segment.name));
    let numbers = numbers.map(|segment| {
        let number = segment.name.rsplit('#').next().unwrap_or_default();
        number.trim_end_matches('}').to_owned()
    });
    let name = plain.map_or("", |segment| segment.name);
    (name.to_owned(), numbers.collect())
}

fn collect_kinds(ty: &Type<'_>, kinds: &mut Kinds) {
    for piece in ty {
        let Piece::Path(path) = piece else { continue };
        if let Some(last) = path.segments.last()
            && last.name.contains("_env#")
            && let Some(kind) = kind_of(last.name)
        {
            kinds.0.insert(key(path), kind);
        }
        for argument in path.segments.iter().flat_map(|segment| &segment.arguments) {
            collect_kinds(argument, kinds);
        }
        if let Some(head) = &path.head {
            collect_kinds(&head.own, kinds);
        }
    }
}

fn write_type(ty: &Type<'_>, kinds: &Kinds, out: &mut String) {
    for piece in ty {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Path(path) => write_path(path, kinds, out),
        }
    }
}

fn write_path(path: &Path<'_>, kinds: &Kinds, out: &mut String) {
    let Some(last) = path.segments.last() else {
        if let Some(head) = &path.head {
            out.push('<');
            write_type(&head.own, kinds, out);
            out.push('>');
        }
        return;
    };
    if is_body(last.name) {
        // An environment in `DW_AT_name` tells its kind itself; `{closure#0}` of a symbol has to be looked up.
        let own = last
            .name
            .contains("_env#")
            .then(|| kind_of(last.name))
            .flatten();
        let word = match own.or_else(|| kinds.0.get(&key(path)).copied()) {
            Some(BodyKind::AsyncFn) => "async fn ",
            Some(BodyKind::AsyncBlock) => "async block in ",
            Some(BodyKind::AsyncClosure) => "async closure in ",
            Some(BodyKind::Closure) | None => "closure in ",
        };
        out.push_str(word);
        out.push_str(&place(path));
        return;
    }
    if let Some(head) = &path.head {
        // An associated type that was not resolved, as in `<T as Iterator>::Item`.
        write_type(&head.own, kinds, out);
        out.push_str("::");
    }
    out.push_str(last.name);
    let arguments: Vec<String> = last
        .arguments
        .iter()
        .map(|argument| {
            let mut text = String::new();
            write_type(argument, kinds, &mut text);
            text
        })
        .filter(|text| text != DEFAULT_ARGUMENT)
        .collect();
    if !arguments.is_empty() {
        out.push('<');
        out.push_str(&arguments.join(", "));
        out.push('>');
    }
}

/// Debug info calls the closure itself a plain one, and only its body an async closure's.
fn is_async_closure(path: &Path<'_>, facts: &dyn Facts) -> bool {
    let names = path.segments.iter().map(|segment| segment.name);
    let path: Vec<String> = names.map(|name| name.replace("_env#", "#")).collect();
    facts.is_async_closure(&path.join("::"))
}

fn write_qualified(ty: &Type<'_>, facts: &dyn Facts, out: &mut String) {
    for piece in ty {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Path(path) => write_qualified_path(path, facts, out),
        }
    }
}

fn write_qualified_path(path: &Path<'_>, facts: &dyn Facts, out: &mut String) {
    if let Some(head) = &path.head {
        out.push('<');
        write_qualified(&head.own, facts, out);
        out.push_str(if path.segments.is_empty() { ">" } else { ">::" });
    }
    let last = path.segments.last().map_or("", |segment| segment.name);
    if is_body(last) {
        out.push_str(match kind_of(last) {
            Some(BodyKind::AsyncFn) => "async fn ",
            Some(BodyKind::AsyncBlock) => "async block in ",
            Some(BodyKind::AsyncClosure) => "async closure in ",
            Some(BodyKind::Closure) | None if is_async_closure(path, facts) => "async closure in ",
            Some(BodyKind::Closure) | None => "closure in ",
        });
    }
    let plain: Vec<&str> = path.segments.iter().map(|segment| segment.name).collect();
    let block = plain.iter().position(|name| name.starts_with("{impl#"));
    let own = block.and_then(|block| facts.implementor(&plain[..=block].join("::")));
    let after = block.filter(|_| own.is_some()).map_or(0, |block| block + 1);
    let names = own.into_iter().chain(
        plain[after..]
            .iter()
            .copied()
            .filter(|name| !name.starts_with('{')),
    );
    out.push_str(&names.collect::<Vec<_>>().join("::"));
    // In debug info only the last segment has arguments, those of all around it included.
    let holder = path
        .segments
        .iter()
        .rev()
        .find(|segment| !segment.arguments.is_empty());
    let arguments = holder.map_or(&[][..], |segment| &segment.arguments);
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| {
            let mut text = String::new();
            write_qualified(argument, facts, &mut text);
            text
        })
        .filter(|text| text != "alloc::alloc::Global")
        .collect();
    if !arguments.is_empty() {
        out.push_str(&format!("<{}>", arguments.join(", ")));
    }
}

/// A type's text as it came.
fn verbatim(ty: &Type<'_>) -> String {
    fn path(path: &Path<'_>, out: &mut String) {
        if let Some(head) = &path.head {
            out.push('<');
            out.push_str(&verbatim(&head.own));
            if let Some(of_trait) = &head.of_trait {
                out.push_str(" as ");
                out.push_str(&verbatim(of_trait));
            }
            out.push('>');
        }
        for (index, Segment { name, arguments }) in path.segments.iter().enumerate() {
            if index > 0 || path.head.is_some() {
                out.push_str("::");
            }
            out.push_str(name);
            if !arguments.is_empty() {
                let arguments: Vec<String> = arguments.iter().map(verbatim).collect();
                out.push('<');
                out.push_str(&arguments.join(", "));
                out.push('>');
            }
        }
    }
    let mut out = String::new();
    for piece in ty {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Path(inner) => path(inner, &mut out),
        }
    }
    out
}

/// Skips an optional `s…_` disambiguator of a v0 symbol.
fn disambiguated(rest: &str) -> Option<&str> {
    match rest.strip_prefix('s') {
        Some(number) => number.split_once('_').map(|(_, rest)| rest),
        None => Some(rest),
    }
}
