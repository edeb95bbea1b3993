//! What the compiler itself says of futures that no program has (`-Zprint-type-sizes`).
//!
//! The workspace's crates are checked, not built, and the wrapper puts what rustc prints of each into a file. The flag
//! is unstable; the bootstrap switch is set for those calls only. Generic functions that nobody calls are not listed
//! either: without arguments they have no size.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use perfkit_model::layout::{Field, TypeKind, TypeLayout, VariantLayout};

use crate::build;
use crate::cli::BuildArgs;
use crate::failure::Failure;
use crate::sources::{self, Definition};
use crate::workspace::Workspace;

/// A future that the compiler lists.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    krate: String,
    /// As printed, without the crate: `store::Session<T>::load`.
    path: String,
    layout: TypeLayout,
}

/// The futures of these functions, as far as the compiler lists them.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn futures(
    workspace: &Workspace,
    chosen: &BuildArgs,
    of: &[&Definition],
) -> anyhow::Result<Vec<TypeLayout>> {
    let folder = workspace.folder("listing")?;
    let crates = build::checked(workspace, chosen, &folder)?;
    let files = folder.join(FILES);
    let listed: Vec<Listed> = crates
        .iter()
        .flat_map(|(krate, stem)| {
            let file = files.join(format!("{stem}.txt"));
            let text = std::fs::read_to_string(file).unwrap_or_default();
            parse(&text, krate)
        })
        .collect();
    let mut known = BTreeSet::new();
    let mut layouts = Vec::new();
    for definition in of {
        for listed in listed.iter().filter(|listed| {
            workspace.folder_of_crate(&listed.krate).as_deref() == Some(definition.package())
                && sources::is_path_of(definition, &listed.path)
        }) {
            let name = format!("async fn {}::{}", listed.krate, listed.path);
            if known.insert((name.clone(), listed.layout.size)) {
                layouts.push(TypeLayout {
                    name,
                    krate: listed.krate.clone(),
                    place: Some(definition.place.clone()),
                    ..listed.layout.clone()
                });
            }
        }
    }
    Ok(layouts)
}

/// Folder of the files, within that of the check.
const FILES: &str = "types";

/// Where the wrapper puts what rustc prints: one file per crate, named as the crate's other files.
pub(crate) fn file(folder: &Path, arguments: &[std::ffi::OsString]) -> Option<PathBuf> {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        words.get(at + 1).copied()
    };
    let krate = after("--crate-name")?;
    let extra = words.iter().find_map(|word| {
        word.strip_prefix("extra-filename=")
            .or_else(|| word.strip_prefix("-Cextra-filename="))
    })?;
    Some(folder.join(FILES).join(format!("{krate}{extra}.txt")))
}

fn parse(text: &str, krate: &str) -> Vec<Listed> {
    let mut listed: Vec<Listed> = Vec::new();
    let mut is_future = false;
    for line in text.lines() {
        let Some(line) = line.strip_prefix("print-type-size ") else {
            continue;
        };
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("type: `") {
            let future = future(rest, krate);
            is_future = future.is_some();
            listed.extend(future);
        } else if is_future && let Some(listed) = listed.last_mut() {
            part(line, &mut listed.layout);
        }
    }
    // Suspend points alone, largest parts first, as debug info has them.
    for listed in &mut listed {
        let variants = &mut listed.layout.variants;
        variants.retain(|variant| variant.name.starts_with("Suspend"));
        for variant in variants {
            variant
                .fields
                .sort_by_key(|field| std::cmp::Reverse(field.size));
        }
    }
    listed
}

/// ``{async fn body of store::load()}`: 1002 bytes, alignment: 8 bytes``.
fn future(line: &str, krate: &str) -> Option<Listed> {
    let (name, sizes) = line.split_once("`: ")?;
    let path = name.strip_prefix("{async fn body of ")?.strip_suffix('}')?;
    let path = path.strip_suffix("()").unwrap_or(path);
    let (size, align) = sizes.split_once(" bytes, alignment: ")?;
    Some(Listed {
        krate: krate.to_owned(),
        path: path.to_owned(),
        layout: TypeLayout {
            kind: TypeKind::AsyncFn,
            size: size.parse().ok()?,
            align: align.split(' ').next()?.parse().ok()?,
            ..TypeLayout::default()
        },
    })
}

/// A variant, an argument or a variable of the future that was listed last.
fn part(line: &str, layout: &mut TypeLayout) -> Option<()> {
    let (what, rest) = line.split_once(" `")?;
    let (name, rest) = rest.split_once("`: ")?;
    let size: u64 = rest.split(' ').next()?.parse().ok()?;
    if what == "variant" {
        layout.variants.push(VariantLayout {
            name: name.to_owned(),
            end: size,
            live: 0,
            ..VariantLayout::default()
        });
        return Some(());
    }
    let field = Field {
        name: name.trim_start_matches('.').to_owned(),
        type_name: rest
            .split_once("type: ")
            .map_or_else(String::new, |(_, ty)| ty.to_owned()),
        size,
        ..Field::default()
    };
    let variant = layout.variants.last_mut()?;
    match (variant.name.as_str(), what) {
        ("Unresumed", "upvar") => layout.fields.push(field),
        (name, "local") if name.starts_with("Suspend") => {
            variant.live += field.size;
            variant.fields.push(field);
        }
        _ => {}
    }
    Some(())
}

/// Fails early where this compiler cannot list types.
pub(crate) fn check() -> anyhow::Result<()> {
    let program = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let answer = std::process::Command::new(program)
        .args([FLAG, "--print=sysroot"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output();
    if answer.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    Err(Failure::usage("this compiler cannot list types")
        .hint("leave `--compiler-listing` out: what built programs have is read from debug info")
        .into())
}

/// Prints the size of every type.
pub(crate) const FLAG: &str = "-Zprint-type-sizes";

#[cfg(test)]
mod tests {
    use perfkit_model::layout::AWAITED;

    use super::*;

    #[test]
    fn futures_of_a_listing() {
        let text = "\
print-type-size type: `std::option::Option<Big>`: 501 bytes, alignment: 1 bytes
print-type-size     variant `Some`: 500 bytes
print-type-size         field `.0`: 500 bytes
print-type-size type: `{async fn body of m::S<u8>::stop()}`: 200 bytes, alignment: 8 bytes
print-type-size     discriminant: 1 bytes
print-type-size     variant `Unresumed`: 98 bytes
print-type-size         upvar `.self`: 8 bytes, offset: 0 bytes, alignment: 8 bytes
print-type-size         upvar `.b`: 90 bytes
print-type-size     variant `Suspend0`: 192 bytes
print-type-size         upvar `.b`: 90 bytes
print-type-size         local `.b`: 90 bytes
print-type-size         padding: 4 bytes
print-type-size         local `.__awaitee`: 1 bytes, alignment: 1 bytes, type: std::future::Ready<()>
print-type-size     variant `Returned`: 98 bytes
print-type-size         upvar `.b`: 90 bytes
print-type-size type: `Big`: not a size
";
        let listed = parse(text, "store");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].path, "m::S<u8>::stop");
        let layout = &listed[0].layout;
        assert_eq!((layout.size, layout.align), (200, 8));
        let arguments: Vec<&str> = layout.fields.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(arguments, ["self", "b"]);
        assert_eq!(layout.variants.len(), 1);
        let held: Vec<(&str, u64)> = layout.variants[0]
            .fields
            .iter()
            .map(|it| (it.name.as_str(), it.size))
            .collect();
        assert_eq!(held, [("b", 90), (AWAITED, 1)]);
    }
}
