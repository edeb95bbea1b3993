//! Where types and functions are defined in the sources of the workspace.
//!
//! Debug info has no lines of structures and enums, and nothing of what was never compiled to code. The sources are
//! parsed with `syn`; what a macro writes is not seen.

use std::path::{Path, PathBuf};

use perfkit_model::layout::{Place, TypeLayout};
use perfkit_model::lint::Lint;
use proc_macro2::Span;
use syn::{Attribute, Block, ImplItem, Item, TraitItem, Type};

use crate::parallel;
use crate::targets::Kind;
use crate::workspace::Workspace;

/// Something with a name in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Modules by file and block, the type of a method, and the name.
    path: Vec<String>,
    /// Folder of its package.
    package: PathBuf,
    /// What it is.
    kind: What,
    /// Where its name is.
    pub(crate) place: Place,
    /// Last line of its body.
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Type,
    Function,
    AsyncFunction,
}

impl Definition {
    /// Folder of its package.
    pub(crate) fn package(&self) -> &Path {
        &self.package
    }

    /// The path as it is written in Rust, without the crate.
    pub(crate) fn name(&self) -> String {
        self.path.join("::")
    }
}

/// Gives every finding a place: its definition, else where its crate begins, which is as close as it gets to what a
/// macro wrote.
pub(crate) fn locate(lint: &mut Lint, definitions: &[Definition], workspace: &Workspace) {
    for finding in &mut lint.findings {
        if finding.place.is_none() {
            let (name, krate) = (&finding.type_name, &finding.krate);
            finding.place =
                place(definitions, workspace, name, krate).or_else(|| root_of(krate, workspace));
        }
    }
}

fn root_of(krate: &str, workspace: &Workspace) -> Option<Place> {
    let file = workspace.root_file(krate)?;
    let file = file.strip_prefix(&workspace.root).unwrap_or(&file);
    Some(Place {
        file: file.display().to_string(),
        line: 1,
    })
}

/// Everything that is defined in the sources of the workspace's packages, tests left out.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn read(workspace: &Workspace) -> Vec<Definition> {
    let folders: Vec<PathBuf> = workspace
        .members()
        .iter()
        .filter_map(|package| Some(package.manifest_path.parent()?.as_std_path().to_owned()))
        .collect();
    let mut files = Vec::new();
    for package in &folders {
        for part in ["src", "benches", "examples", "tests"] {
            collect(&package.join(part), package, &folders, &mut files);
        }
    }
    files.sort();
    let read = parallel::map(files, |(package, file)| {
        of_file(&file, package, &workspace.root).unwrap_or_default()
    });
    read.into_iter().flatten().collect()
}

/// Source files below a folder. The folder of another package is that package's.
fn collect<'p>(
    folder: &Path,
    package: &'p Path,
    packages: &[PathBuf],
    files: &mut Vec<(&'p Path, PathBuf)>,
) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // A link may lead in circles.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        // A manifest begins a package that is not of this workspace.
        let is_package = packages.contains(&path) || path.join("Cargo.toml").is_file();
        if kind.is_dir() && !is_package {
            collect(&path, package, packages, files);
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push((package, path));
        }
    }
}

fn of_file(file: &Path, package: &Path, root: &Path) -> Option<Vec<Definition>> {
    let text = std::fs::read_to_string(file).ok()?;
    let parsed = match syn::parse_file(&text) {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::debug!("{} is not understood: {error}", file.display());
            return None;
        }
    };
    let shown = file.strip_prefix(root).unwrap_or(file);
    let mut reader = Reader {
        file: shown.to_string_lossy().into_owned(),
        package: package.to_owned(),
        path: modules(file.strip_prefix(package).unwrap_or(file)),
        definitions: Vec::new(),
    };
    reader.items(&parsed.items);
    Some(reader.definitions)
}

/// Modules that a file stands for by its path: `src/wire/frame.rs` is `wire::frame`.
fn modules(file: &Path) -> Vec<String> {
    let stem = file.with_extension("");
    stem.iter()
        .map(|part| part.to_string_lossy().into_owned())
        .filter(|part| !matches!(part.as_str(), "src" | "lib" | "main" | "mod"))
        .collect()
}

struct Reader {
    file: String,
    package: PathBuf,
    path: Vec<String>,
    definitions: Vec<Definition>,
}

impl Reader {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Struct(item) => self.add(&item.ident, What::Type, item.ident.span()),
                Item::Enum(item) => self.add(&item.ident, What::Type, item.ident.span()),
                Item::Union(item) => self.add(&item.ident, What::Type, item.ident.span()),
                Item::Fn(item) if !is_test(&item.attrs) => {
                    self.function(&item.sig, Some(&item.block));
                }
                Item::Mod(item) if !is_test(&item.attrs) => {
                    let inner = item.content.as_ref().map(|(_, items)| items.as_slice());
                    self.within(item.ident.to_string(), |reader| {
                        reader.items(inner.unwrap_or_default());
                    });
                }
                Item::Impl(item) if !is_test(&item.attrs) => {
                    let own = type_name(&item.self_ty).unwrap_or_default();
                    self.within(own, |reader| {
                        for item in &item.items {
                            if let ImplItem::Fn(method) = item
                                && !is_test(&method.attrs)
                            {
                                reader.function(&method.sig, Some(&method.block));
                            }
                        }
                    });
                }
                Item::Trait(item) => self.within(item.ident.to_string(), |reader| {
                    for item in &item.items {
                        if let TraitItem::Fn(method) = item {
                            reader.function(&method.sig, method.default.as_ref());
                        }
                    }
                }),
                _ => {}
            }
        }
    }

    /// A function without a body becomes no code.
    fn function(&mut self, signature: &syn::Signature, body: Option<&Block>) {
        let Some(body) = body else { return };
        let what = if signature.asyncness.is_some() {
            What::AsyncFunction
        } else {
            What::Function
        };
        self.add(&signature.ident, what, body.brace_token.span.close());
        self.within(signature.ident.to_string(), |reader| {
            for statement in &body.stmts {
                if let syn::Stmt::Item(item) = statement {
                    reader.items(std::slice::from_ref(item));
                }
            }
        });
    }

    fn within(&mut self, name: String, read: impl FnOnce(&mut Self)) {
        self.path.push(name);
        read(self);
        self.path.pop();
    }

    fn add(&mut self, name: &syn::Ident, kind: What, body: Span) {
        let mut path = self.path.clone();
        path.push(name.to_string());
        let line = |line: usize| u32::try_from(line).unwrap_or_default();
        self.definitions.push(Definition {
            path,
            package: self.package.clone(),
            kind,
            place: Place {
                file: self.file.clone(),
                line: line(name.span().start().line),
            },
            end: line(body.end().line),
        });
    }
}

/// `#[test]`, `#[tokio::test]` and `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let is_named = |name: &str| path.segments.last().is_some_and(|last| last.ident == name);
        let condition = attribute.meta.require_list().ok();
        let condition = condition.map(|list| list.tokens.to_string());
        is_named("test") || (is_named("cfg") && condition.as_deref() == Some("test"))
    })
}

fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

/// Where a type is defined; for a closure or block without a line of its own, its function.
fn place(
    definitions: &[Definition],
    workspace: &Workspace,
    type_name: &str,
    krate: &str,
) -> Option<Place> {
    let package = workspace.folder_of_crate(krate)?;
    let path = path(type_name)?;
    let shared = |definition: &&Definition| {
        let own = definition.path.iter().rev();
        own.zip(path.iter().rev())
            .take_while(|(own, wanted)| own == wanted)
            .count()
    };
    definitions
        .iter()
        .filter(|definition| definition.package == package && shared(definition) > 0)
        // The first of equals: files are in order.
        .rev()
        .max_by_key(shared)
        .map(|definition| definition.place.clone())
}

/// Whether a path that the compiler wrote, without crate, leads to this definition.
pub(crate) fn is_path_of(definition: &Definition, listed: &str) -> bool {
    let listed = words(listed);
    definition.path.len() >= listed.len()
        && definition.path.iter().rev().zip(listed.iter().rev()).all(|(own, listed)| own == listed)
        // Modules by file may be fewer than by declaration, and never more.
        && definition.path.len() <= listed.len() + 2
}

/// The words of a path without what a type is, its crate and its arguments: `async fn store::Session<T>::load` is
/// `Session`, `load`.
fn path(name: &str) -> Option<Vec<&str>> {
    let start = name.rfind(" in ").map_or(0, |at| at + " in ".len());
    let name = &name[start..];
    let mut words = words(name.strip_prefix("async fn ").unwrap_or(name));
    (words.len() > 1).then(|| words.split_off(1))
}

/// The words of a path without arguments.
fn words(path: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut word = 0;
    for (at, char) in path.char_indices() {
        match char {
            '<' => {
                if depth == 0 {
                    words.push(&path[word..at]);
                }
                depth += 1;
            }
            '>' => {
                depth = depth.saturating_sub(1);
                word = at + 1;
            }
            ':' if depth == 0 => {
                words.push(&path[word..at]);
                word = at + 1;
            }
            _ => {}
        }
    }
    words.push(path.get(word..).unwrap_or_default());
    words.retain(|word| !word.is_empty());
    words
}

/// Async functions of which no future is in a program that was built.
pub(crate) fn without_code<'d>(
    definitions: &'d [Definition],
    futures: &[&TypeLayout],
    kinds: &[Kind],
) -> Vec<&'d Definition> {
    let is_built = |definition: &Definition| {
        let folder = |kind: Kind| match kind {
            Kind::Benches => "benches",
            Kind::Bins => "src",
            Kind::Examples => "examples",
            Kind::Tests => "tests",
        };
        let file = Path::new(&definition.place.file);
        let is_in = |part: &str| file.iter().any(|own| own == part);
        is_in("src") || kinds.iter().any(|kind| is_in(folder(*kind)))
    };
    let has_code = |definition: &Definition| {
        futures.iter().any(|future| {
            future.place.as_ref().is_some_and(|place| {
                place.file == definition.place.file
                    && (definition.place.line..=definition.end).contains(&place.line)
            })
        })
    };
    definitions
        .iter()
        .filter(|definition| definition.kind == What::AsyncFunction)
        .filter(|definition| is_built(definition) && !has_code(definition))
        .collect()
}
