//! Large enums of a program that `rustc` builds at test time, by the names that moved types mention.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::workspace::WorkspaceCrates;

const PROGRAM: &str = r#"
pub mod inner {
    pub enum Failure { Corrupt { server: u16, bytes: [u8; 50_000] }, Missing(u64), Gone }
}
pub enum Generic<T> { Full([T; 300]), Empty }
pub enum Niche { Text(Box<str>), Grid([[u32; 10]; 20]) , Nothing }
pub enum Optional { Held(Option<&'static [u8; 4_000]>), None }
pub enum Plain { One, Two }
pub enum Nested { Outer(Result<inner::Failure, u8>), Small(u32) }
pub struct Structure { pub field: [u8; 9] }

// The compiler's own word on the sizes that the test expects.
const _: () = assert!(size_of::<inner::Failure>() == 50_008 && size_of::<Generic<u64>>() == 2_408);
const _: () = assert!(size_of::<Nested>() == 50_008 && size_of::<Niche>() == 808);
const _: () = assert!(size_of::<Optional>() == 16 && size_of::<Plain>() == 1);

#[inline(never)]
fn keep<T>(value: T) { std::hint::black_box(&value); }

fn main() {
    let number = std::env::args().count() as u64;
    keep(if number > 9 { inner::Failure::Gone } else { inner::Failure::Missing(number) });
    keep(inner::Failure::Corrupt { server: 1, bytes: [number as u8; 50_000] });
    keep(if number > 9 { Generic::Full([number; 300]) } else { Generic::Empty });
    keep(if number > 9 { Niche::Nothing } else { Niche::Text("a".into()) });
    keep(Niche::Grid([[1; 10]; 20]));
    keep(if number > 9 { Optional::None } else { Optional::Held(None) });
    keep(if number > 9 { Plain::One } else { Plain::Two });
    keep(if number > 9 { Nested::Small(1) } else { Nested::Outer(Err(1)) });
    keep(Structure { field: [1; 9] });
}
"#;

const NAMES: [&str; 8] = [
    "Absent",
    "Failure",
    "Generic",
    "Nested",
    "Niche",
    "Optional",
    "Plain",
    "Structure",
];

fn build(folder: &Path, options: &[&str]) -> std::path::PathBuf {
    let (source, executable) = (folder.join("program.rs"), folder.join("program"));
    std::fs::write(&source, PROGRAM).expect("write the program");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "-Cdebuginfo=2"])
        .args(options)
        .arg(&source)
        .arg("-o")
        .arg(&executable)
        .output()
        .expect("run rustc");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    executable
}

fn open(executable: &Path) -> Symboliser {
    Symboliser::open(executable, &WorkspaceCrates::default()).expect("the program is a binary")
}

fn names() -> BTreeSet<String> {
    NAMES.map(str::to_owned).into()
}

fn lines(symboliser: &mut Symboliser) -> Vec<String> {
    let layouts = symboliser.enums(&names()).into_iter().map(|layout| {
        let variants = layout.variants.iter();
        let variants = variants.map(|variant| format!("{} {}", variant.name, variant.end));
        let mut variants: Vec<String> = variants.collect();
        variants.sort();
        format!("{} {}: {}", layout.name, layout.size, variants.join(", "))
    });
    layouts.collect()
}

const EXPECTED: [&str; 4] = [
    "program::Generic<u64> 2408: Empty 0, Full 2408",
    "program::Nested 50008: Outer 50008, Small 8",
    "program::Niche 808: Grid 804, Nothing 0, Text 24",
    "program::inner::Failure 50008: Corrupt 50004, Gone 0, Missing 16",
];

#[test]
fn every_form_of_enum_has_its_variants() {
    for options in [&["-Copt-level=2"][..], &["-Copt-level=0"]] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let executable = build(folder.path(), options);
        assert_eq!(lines(&mut open(&executable)), EXPECTED, "{options:?}");
    }
}

#[test]
fn a_cache_answers_without_the_file_and_knows_what_is_absent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let executable = build(folder.path(), &["-Copt-level=2"]);
    let mut first = open(&executable);
    lines(&mut first);
    let stored = serde_json::to_string(&first.export()).expect("a cache is data");
    let mut second = open(&executable);
    second.import(&serde_json::from_str(&stored).expect("it was just written"));
    std::fs::remove_file(&executable).expect("remove the program");
    assert_eq!(lines(&mut second), EXPECTED);
    assert_eq!(second.problems(), first.problems());
}

#[test]
fn line_tables_have_no_types() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let executable = build(folder.path(), &["-Cdebuginfo=line-tables-only"]);
    assert!(lines(&mut open(&executable)).is_empty());
}
