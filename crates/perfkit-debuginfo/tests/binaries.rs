//! Real binaries, built by `rustc` at test time: moved types, async bodies, stripped and damaged files.

use std::path::{Path, PathBuf};
use std::process::Command;

use perfkit_debuginfo::problem::{OpenError, Problem};
use perfkit_debuginfo::symboliser::Symboliser;
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::category::Category;
use perfkit_model::part::{Module, RawStack};
use perfkit_model::stacks::{Frame, FrameKind};

/// A program with an executor of its own that prints its modules and one stack per call of `record`.
const PROGRAM: &str = include_str!("data/program.rs");

struct Fixture {
    folder: tempfile::TempDir,
    executable: PathBuf,
}

struct Recorded {
    modules: Vec<Module>,
    stacks: Vec<(String, RawStack)>,
}

impl Fixture {
    /// Builds the program. `None` where this compiler does not take the options.
    fn build(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("program.rs");
        let executable = folder.path().join("program");
        std::fs::write(&source, PROGRAM).expect("write the program");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc)
            .args([
                "--edition=2024",
                "-Copt-level=2",
                "-Cforce-frame-pointers=yes",
                "-Csymbol-mangling-version=v0",
            ])
            .args(options)
            .arg(&source)
            .arg("-o")
            .arg(&executable)
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .expect("run rustc");
        let annotated = options.contains(&"-Zannotate-moves");
        assert!(
            output.status.success() || annotated,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
            .status
            .success()
            .then_some(Self { folder, executable })
    }

    fn run(&self) -> Recorded {
        let output = Command::new(&self.executable)
            .output()
            .expect("run the program");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut recorded = Recorded {
            modules: Vec::new(),
            stacks: Vec::new(),
        };
        for line in String::from_utf8(output.stdout).expect("text").lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let hex = |text: &str| u64::from_str_radix(text, 16).expect("an address");
            match words.as_slice() {
                ["map", range, offset, path] => {
                    let (start, end) = range.split_once('-').expect("a range");
                    match recorded
                        .modules
                        .iter_mut()
                        .find(|module| module.path == *path)
                    {
                        Some(module) => module.end = hex(end),
                        None => recorded.modules.push(Module {
                            path: (*path).to_owned(),
                            build_id: None,
                            bias: hex(start) - hex(offset),
                            start: hex(start),
                            end: hex(end),
                        }),
                    }
                }
                ["stack", name, addresses @ ..] => recorded.stacks.push((
                    (*name).to_owned(),
                    RawStack {
                        frames: addresses.iter().map(|address| hex(address)).collect(),
                        ..RawStack::default()
                    },
                )),
                _ => {}
            }
        }
        recorded
    }

    fn workspace(&self) -> WorkspaceCrates {
        WorkspaceCrates {
            root: std::fs::canonicalize(self.folder.path()).expect("the folder exists"),
            members: ["program".to_owned()].into(),
            ..WorkspaceCrates::default()
        }
    }

    fn open(&self) -> Symboliser {
        Symboliser::open(&self.executable, &self.workspace()).expect("the program is a binary")
    }
}

impl Recorded {
    fn logical(&self, symboliser: &mut Symboliser, name: &str) -> Vec<Frame> {
        symboliser.begin(&self.modules, &[]);
        let (_, stack) = self
            .stacks
            .iter()
            .find(|(other, _)| other == name)
            .expect("the program records it");
        symboliser.logical(stack)
    }
}

fn short(frames: &[Frame]) -> Vec<(FrameKind, &str, Category)> {
    frames
        .iter()
        .map(|frame| (frame.kind, &*frame.name, frame.category.clone()))
        .collect()
}

fn line_of(marker: &str) -> u32 {
    let line = PROGRAM
        .lines()
        .position(|line| line.contains(marker))
        .expect("the marker is in the program");
    line as u32 + 1
}

#[test]
fn async_functions_blocks_and_closures() {
    let fixture = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let recorded = fixture.run();
    let mut symboliser = fixture.open();
    let frames = recorded.logical(&mut symboliser, "async");
    assert_eq!(
        short(&frames),
        [
            (FrameKind::Function, "program::main", Category::App),
            (FrameKind::Function, "program::block_on", Category::App),
            (FrameKind::Async, "program::outer", Category::App),
            (FrameKind::Async, "program::store::inner", Category::App),
        ]
    );
    let places: Vec<(&str, u32)> = frames
        .iter()
        .map(|frame| (&*frame.file, frame.line))
        .collect();
    assert_eq!(places[2], ("program.rs", line_of("await inner")));
    assert_eq!(places[3], ("program.rs", line_of("record async")));

    let frames = recorded.logical(&mut symboliser, "closure");
    let tail: Vec<&str> = frames.iter().map(|frame| &*frame.name).collect();
    assert_eq!(
        tail,
        ["program::main", "program::each"],
        "an iterator's closure belongs to its function"
    );
    assert_eq!(frames[1].line, line_of("record closure"));

    let frames = recorded.logical(&mut symboliser, "trait");
    assert_eq!(
        frames.last().map(|frame| &*frame.name),
        Some("program::store::Memory::load")
    );

    let frames = recorded.logical(&mut symboliser, "recursion");
    let deep = frames
        .iter()
        .filter(|frame| frame.name == "program::recurse")
        .count();
    assert_eq!(deep, 4, "true recursion stays");
    assert_eq!(symboliser.problems(), []);
}

#[test]
fn legacy_names_read_the_same() {
    let v0 = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let legacy = Fixture::build(&[
        "-Cdebuginfo=2",
        "-Zunstable-options",
        "-Csymbol-mangling-version=legacy",
    ])
    .expect("plain options");
    for name in ["async", "closure", "recursion"] {
        let one = v0.run().logical(&mut v0.open(), name);
        let other = legacy.run().logical(&mut legacy.open(), name);
        assert_eq!(one, other, "{name}");
    }
}

#[test]
fn line_tables_name_functions_too() {
    let fixture = Fixture::build(&["-Cdebuginfo=line-tables-only"]).expect("plain options");
    let frames = fixture.run().logical(&mut fixture.open(), "recursion");
    assert!(
        frames.iter().any(|frame| frame.name.contains("recurse")
            && frame.category == Category::App
            && frame.line > 0),
        "{frames:?}"
    );
    let frames = fixture.run().logical(&mut fixture.open(), "closure");
    assert_eq!(
        frames.last().map(|frame| (&*frame.name, frame.line)),
        Some(("program::each", line_of("record closure")))
    );
}

#[test]
fn annotated_moves_name_their_type() {
    // A compiler without the option is a compiler on which no type is claimed; nothing to test there.
    let Some(fixture) = Fixture::build(&["-Cdebuginfo=2", "-Zannotate-moves"]) else {
        return;
    };
    let recorded = fixture.run();
    let mut symboliser = fixture.open();
    symboliser.begin(&recorded.modules, &[]);
    let moved = copy_calls(&fixture.executable).into_iter().map(|at| {
        let module = &recorded.modules[0];
        symboliser.logical(&RawStack {
            frames: vec![at + module.bias],
            ..RawStack::default()
        })
    });
    let moved: Vec<Frame> = moved
        .filter_map(|mut frames| frames.pop())
        .filter(|frame| frame.kind == FrameKind::Moved)
        .collect();
    let own = moved
        .iter()
        .find(|frame| frame.name == "Result<u64, BigError>")
        .expect("the move into the list is annotated");
    assert_eq!(
        (own.size, &*own.file, own.line),
        (50_008, "program.rs", line_of("move here"))
    );
    assert_eq!(own.category, Category::Memcpy);
}

/// Return addresses of all direct and indirect calls, by decoding: `e8 rel32` and `ff 15 rel32` on x86-64. Wrong
/// guesses name no move. Other architectures have fixed-length instructions: every fourth byte.
fn copy_calls(executable: &Path) -> Vec<u64> {
    use object::{Object, ObjectSection};
    let bytes = std::fs::read(executable).expect("the program");
    let object = object::File::parse(&*bytes).expect("an object");
    let text = object.section_by_name(".text").expect("code");
    let code = text.data().expect("code");
    let after = |at: usize| match code.get(at..at + 2) {
        _ if !cfg!(target_arch = "x86_64") => (at.is_multiple_of(4)).then_some(at + 4),
        Some([0xe8, _]) => Some(at + 5),
        Some([0xff, 0x15]) => Some(at + 6),
        _ => None,
    };
    (0..code.len())
        .filter_map(after)
        .map(|at| text.address() + at as u64)
        .collect()
}

#[test]
fn the_cache_answers_without_the_file() {
    let fixture = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let recorded = fixture.run();
    let mut first = fixture.open();
    let cold: Vec<Vec<Frame>> = recorded
        .stacks
        .iter()
        .map(|(name, _)| recorded.logical(&mut first, name))
        .collect();
    let stored = serde_json::to_string(&first.export()).expect("a cache is data");

    let mut second = fixture.open();
    let mut third = fixture.open();
    let mut other = first.export();
    other.version += 1;
    third.import(&other);
    // Only the headers were needed: with the code gone, the answers can only come from the cache.
    std::fs::write(&fixture.executable, "gone").expect("overwrite the program");
    second.import(&serde_json::from_str(&stored).expect("what was written"));
    let warm: Vec<Vec<Frame>> = recorded
        .stacks
        .iter()
        .map(|(name, _)| recorded.logical(&mut second, name))
        .collect();
    assert_eq!(cold, warm);
    assert_eq!(
        serde_json::to_string(&second.export())
            .expect("a cache is data")
            .len(),
        stored.len()
    );

    let frames = recorded.logical(&mut third, "async");
    assert_eq!(
        short(&frames),
        [(
            FrameKind::Unknown,
            "program (no symbols)",
            Category::Unknown
        )],
        "a cache of another version is ignored"
    );
}

#[test]
fn a_stripped_libc_keeps_its_public_names() {
    let fixture = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let recorded = fixture.run();
    let Some(libc) = recorded
        .modules
        .iter()
        .find(|module| module.path.contains("libc"))
    else {
        return;
    };
    let (_, malloc) = recorded
        .stacks
        .iter()
        .find(|(name, _)| name == "malloc")
        .expect("the program prints it");
    let (_, caller) = recorded
        .stacks
        .iter()
        .find(|(name, _)| name == "recursion")
        .expect("the program records it");
    let mut symboliser = fixture.open();
    let mut sample = |leaf: u64, known: &[(String, u64)]| {
        symboliser.begin(&recorded.modules, known);
        let frames = std::iter::once(leaf)
            .chain(caller.frames.iter().copied())
            .collect();
        let frames = symboliser.logical(&RawStack {
            frames,
            exact_leaf: true,
            ..RawStack::default()
        });
        let leaf = frames.last().expect("never empty");
        (leaf.name.clone(), leaf.category.clone())
    };
    assert_eq!(
        sample(malloc.frames[0] + 1, &[]),
        ("malloc".to_owned(), Category::Allocator)
    );
    // The copy function glibc chose has no name; the process knows its address.
    let (_, copy) = recorded
        .stacks
        .iter()
        .find(|(name, _)| name == "memcpy")
        .expect("the program prints it");
    let known = [
        ("memcpy".to_owned(), copy.frames[0]),
        ("memmove".to_owned(), copy.frames[0]),
    ];
    if (libc.start..libc.end).contains(&copy.frames[0]) {
        assert_eq!(
            sample(copy.frames[0] + 1, &known),
            ("memmove".to_owned(), Category::Memcpy)
        );
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_sample_in_the_kernel_is_named_after_its_call() {
    let fixture = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let recorded = fixture.run();
    let (_, stack) = recorded
        .stacks
        .iter()
        .find(|(name, _)| name == "write")
        .expect("the program prints it");
    let write = stack.frames[0];
    let Some(libc) = recorded
        .modules
        .iter()
        .find(|module| (module.start..module.end).contains(&write))
    else {
        return;
    };
    let bytes = std::fs::read(&libc.path).expect("libc");
    // Shared libraries are mapped with file offsets equal to addresses up to their code.
    let at = (write - libc.bias) as usize;
    let Some(enters) = bytes
        .get(at..at + 64)
        .and_then(|code| code.windows(2).position(|two| two == [0x0f, 0x05]))
    else {
        // Newer C libraries make the call in a function of its own.
        return;
    };
    let mut symboliser = fixture.open();
    symboliser.begin(&recorded.modules, &[]);
    let frames = symboliser.logical(&RawStack {
        frames: vec![write + enters as u64 + 2],
        exact_leaf: true,
        ..RawStack::default()
    });
    let leaf = frames.last().expect("never empty");
    assert_eq!(
        (&*leaf.name, &leaf.category),
        ("syscall write", &Category::Kernel)
    );
}

#[test]
fn poorer_binaries_say_what_to_change() {
    let missing = Symboliser::open(
        Path::new("/nonexistent/program"),
        &WorkspaceCrates::default(),
    );
    assert!(matches!(missing, Err(OpenError::Unreadable { .. })));
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(
        Symboliser::open(folder.path(), &WorkspaceCrates::default()),
        Err(OpenError::Unreadable { .. })
    ));

    let stripped = Fixture::build(&["-Cdebuginfo=2", "-Cstrip=symbols"]).expect("plain options");
    let mut symboliser = stripped.open();
    let frames = stripped.run().logical(&mut symboliser, "async");
    assert_eq!(
        short(&frames),
        [(
            FrameKind::Unknown,
            "program (no symbols)",
            Category::Unknown
        )]
    );
    assert!(
        symboliser
            .problems()
            .iter()
            .any(|problem| matches!(problem, Problem::NoDebugInfo { .. }))
    );
    assert!(
        symboliser
            .problems()
            .iter()
            .all(|problem| problem.hint().is_some())
    );

    // The standard library's debug info is still in there, which must not hide that the program's own is missing.
    let plain = Fixture::build(&["-Cdebuginfo=0"]).expect("plain options");
    let mut symboliser = plain.open();
    let frames = plain.run().logical(&mut symboliser, "recursion");
    assert!(
        frames.iter().any(|frame| frame.name == "program::recurse"),
        "{frames:?}"
    );
    assert!(
        matches!(symboliser.problems(), [Problem::NoDebugInfo { .. }]),
        "{:?}",
        symboliser.problems()
    );

    let split =
        Fixture::build(&["-Cdebuginfo=2", "-Csplit-debuginfo=unpacked"]).expect("plain options");
    let mut symboliser = split.open();
    split.run().logical(&mut symboliser, "recursion");
    assert!(
        matches!(symboliser.problems(), [Problem::SplitDebugInfo { .. }]),
        "{:?}",
        symboliser.problems()
    );
}

#[test]
fn damaged_binaries_never_panic() {
    let fixture = Fixture::build(&["-Cdebuginfo=2"]).expect("plain options");
    let recorded = fixture.run();
    let whole = std::fs::read(&fixture.executable).expect("the program");
    let damaged = fixture.executable.clone();
    let check = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).expect("write the damaged copy");
        if let Ok(mut symboliser) = Symboliser::open(&damaged, &fixture.workspace()) {
            symboliser.begin(&recorded.modules, &[("memcpy".to_owned(), u64::MAX)]);
            for (_, stack) in &recorded.stacks {
                assert!(!symboliser.logical(stack).is_empty());
            }
            let wild = RawStack {
                frames: vec![0, 1, u64::MAX, recorded.modules[0].start],
                exact_leaf: true,
                ..RawStack::default()
            };
            assert!(!symboliser.logical(&wild).is_empty());
        }
    };
    for part in 0..24 {
        check(&whole[..whole.len() * part / 24]);
    }
    // A fixed xorshift sequence: the same damage in every run.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize % below
    };
    for round in 0..40 {
        let mut bytes = whole.clone();
        // Headers first, then anywhere.
        let reach = if round < 12 { 4096 } else { bytes.len() };
        for _ in 0..1 + round * 25 {
            let at = next(reach);
            bytes[at] ^= 1 << next(8);
        }
        check(&bytes);
    }
}
