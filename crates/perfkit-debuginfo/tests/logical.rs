//! The fold from resolved levels to a logical stack. `data/*.tsv` holds levels of a real tokio 1.54 program,
//! innermost first: symbol, `DW_AT_name`, file, line.

use std::fmt::Write;
use std::path::Path;

use perfkit_debuginfo::code::{self, Code, Raw, Role};
use perfkit_debuginfo::files::Origin;
use perfkit_debuginfo::logical::{self, Leaf};
use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::stacks::{Frame, FrameKind};

fn workspace() -> WorkspaceCrates {
    WorkspaceCrates {
        root: "/home/user/probe".into(),
        members: ["probe".to_owned(), "app".to_owned()].into(),
        dependencies: ["tokio".to_owned(), "futures_util".to_owned()].into(),
    }
}

fn drawn(frames: &[Frame]) -> String {
    let mut text = String::new();
    for frame in frames {
        let kind = match frame.kind {
            FrameKind::Function => "",
            FrameKind::Async => "async ",
            FrameKind::Task => "task: ",
            FrameKind::Moved => "moved: ",
            FrameKind::Candidate => "candidate: ",
            FrameKind::Unknown => "unknown: ",
        };
        let size = if frame.size > 0 {
            format!(" ({} B)", frame.size)
        } else {
            String::new()
        };
        let place = if frame.file.is_empty() {
            String::new()
        } else {
            format!(" @ {}:{}", frame.file, frame.line)
        };
        writeln!(
            text,
            "[{}] {kind}{}{size}{place}",
            frame.category, frame.name
        )
        .expect("a string takes any text");
    }
    text
}

fn real(file: &str) -> Vec<Code> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let text = std::fs::read_to_string(path).expect("test data");
    let levels = text.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let text = |index: usize| Some(fields[index]).filter(|field| !field.is_empty());
        let raw = Raw {
            symbol: text(0),
            debug_name: text(1),
            file: text(2),
            line: fields[3].parse().expect("a line"),
        };
        code::normalise(&raw, Path::new("/home/user/probe"))
    });
    let mut levels: Vec<Code> = levels.collect();
    levels.reverse();
    levels
}

fn check_real(file: &str, expected: &str) {
    let frames = logical::logical_from(&real(file), &workspace(), Leaf::Return);
    assert_eq!(drawn(&frames), expected, "{file}");
}

#[test]
fn a_task_is_the_root_of_what_it_polls() {
    check_real(
        "task-dyn-future.tsv",
        "[runtime] task: task store::serve
[app] async probe::store::serve @ src/store.rs:30
[app] async probe::store::Memory::load @ src/store.rs:16
",
    );
}

#[test]
fn a_blocking_task_is_a_root_too() {
    check_real(
        "blocking-task.tsv",
        "[runtime] task: blocking task store::Pool::collect
[app] probe::store::Pool::collect @ src/store.rs:58
",
    );
}

#[test]
fn combinators_of_dependencies_stay() {
    check_real(
        "body-join-all.tsv",
        "[app] probe::main @ src/main.rs:51
[app] async probe::body @ src/main.rs:29
[futures_util] futures_util::future::join_all::JoinAll::poll @ futures-util-0.3.34/src/future/join_all.rs:142
[futures_util] futures_util::future::maybe_done::MaybeDone::poll @ futures-util-0.3.34/src/future/maybe_done.rs:96
[app] async probe::body @ src/main.rs:29
",
    );
}

#[test]
fn a_move_into_a_channel_names_its_type() {
    check_real(
        "moved-into-channel.tsv",
        "[runtime] task: task store::serve
[app] async probe::store::serve @ src/store.rs:33
[sync] tokio::sync::oneshot::Sender::send @ tokio-1.54.1/src/sync/oneshot.rs:633
[memcpy] moved: Option<Result<u64, BigErr>> (50008 B) @ tokio-1.54.1/src/sync/oneshot.rs:633
",
    );
}

#[test]
fn a_move_of_a_future_names_the_block() {
    let frames = logical::logical_from(&real("moved-at-spawn.tsv"), &workspace(), Leaf::Return);
    let moved = frames.last().expect("a leaf");
    assert_eq!(
        (moved.kind, &*moved.name),
        (FrameKind::Moved, "async block in store::Pool::collect")
    );
}

/// A level by its readable path: `app::f`, `app::f{0}` for a closure, `async app::f{0}`, `task:name`,
/// `moved:Type`, or a C symbol; `@7` sets the line.
fn level(text: &str) -> Code {
    let (text, line) = text.split_once('@').unwrap_or((text, "1"));
    let (role, path) = match text
        .split_once(':')
        .filter(|(_, rest)| !rest.starts_with(':'))
    {
        Some(("task", name)) => (
            Role::Poll {
                task: name.to_owned(),
                blocking: false,
            },
            "tokio::runtime::task::raw::poll",
        ),
        Some((_, ty)) => (
            Role::Moved {
                ty: ty.to_owned(),
                size: 64,
            },
            "core::profiling::compiler_move",
        ),
        None => match text.strip_prefix("async ") {
            Some(path) => (Role::Async, path),
            None => (Role::Function, text),
        },
    };
    let (path, nested) = path.split_once('{').unwrap_or((path, ""));
    let nested: String = nested
        .split_terminator(['{', '}'])
        .filter(|part| !part.is_empty())
        .map(|part| format!("::{{closure#{part}}}"))
        .collect();
    let krate = path.split_once("::").map_or("", |(krate, _)| krate);
    Code {
        path: path.to_owned(),
        nested,
        krate: krate.to_owned(),
        file: if krate.is_empty() {
            String::new()
        } else {
            format!("{krate}.rs")
        },
        line: line.parse().expect("a line"),
        origin: if krate.is_empty() {
            Origin::Unknown
        } else {
            Origin::Dependency
        },
        c_library: matches!(path, "write" | "strlen" | "__libc_start_main"),
        role,
    }
}

/// What it is about, levels from the root separated by `>`, leaf, expected frames.
const FOLDS: &[(&str, &str, Leaf, &str)] = &[
    (
        "start-up code is no root",
        "_start > __libc_start_main > main > std::rt::lang_start{0} > std::panicking::try > app::main > app::run",
        Leaf::Exact,
        "app app::main > app app::run",
    ),
    (
        "a closure folds into its function and keeps its own line",
        "app::f@3 > app::f{0}@9",
        Leaf::Exact,
        "app app::f@9",
    ),
    (
        "a closure called through an iterator folds too",
        "app::f@3 > core::iter::adapters::map::Map::fold > app::f{0}@9",
        Leaf::Exact,
        "app app::f@9",
    ),
    (
        "an async block folds into its async fn",
        "async app::f{0}@3 > async app::f{0}{1}@4",
        Leaf::Exact,
        "app async app::f@4",
    ),
    (
        "true recursion stays",
        "app::f > app::f > app::f",
        Leaf::Exact,
        "app app::f > app app::f > app app::f",
    ),
    (
        "async recursion through a box stays",
        "async app::f{0} > core::pin::Pin::poll > async app::f{0}",
        Leaf::Exact,
        "app async app::f > app async app::f",
    ),
    (
        "a dependency in between separates",
        "app::f > dep::each > app::f{0}",
        Leaf::Exact,
        "app app::f > dep dep::each > app app::f",
    ),
    (
        "the innermost task wins",
        "task:outer > app::a > tokio::task::local::LocalSet::tick > task:inner > app::b",
        Leaf::Exact,
        "runtime task inner > app app::b",
    ),
    (
        "a task without user code says where the executor is",
        "task:t > tokio::runtime::task::harness::Harness::complete > tokio::runtime::task::core::Core::set_stage",
        Leaf::Exact,
        "runtime task t > runtime tokio::runtime::task::core::Core::set_stage",
    ),
    (
        "an executor that calls back is plumbing",
        "app::main > tokio::runtime::runtime::Runtime::block_on > std::thread::local::LocalKey::with > tokio::task::coop::budget > async app::body{0}",
        Leaf::Exact,
        "app app::main > app async app::body",
    ),
    (
        "ending in the executor shows what was called and where it is",
        "app::f > tokio::task::spawn::spawn > tokio::task::spawn::spawn_inner > tokio::runtime::task::core::Cell::new > alloc::boxed::Box::new > __rust_alloc > malloc",
        Leaf::Exact,
        "app app::f > runtime tokio::task::spawn::spawn > runtime tokio::runtime::task::core::Cell::new > allocator malloc",
    ),
    (
        "sync keeps its category",
        "app::f > std::sync::poison::mutex::Mutex::lock > std::sys::sync::mutex::futex::Mutex::lock_contended",
        Leaf::Exact,
        "app app::f > sync std::sync::poison::mutex::Mutex::lock > sync std::sys::sync::mutex::futex::Mutex::lock_contended",
    ),
    (
        "std belongs to its caller",
        "app::f > alloc::vec::Vec::push > alloc::raw_vec::RawVec::grow_one",
        Leaf::Exact,
        "app app::f > app alloc::vec::Vec::push",
    ),
    (
        "std under a dependency belongs to the dependency",
        "app::f > dep::g > std::collections::hash::map::HashMap::insert",
        Leaf::Exact,
        "app app::f > dep dep::g > dep std::collections::hash::map::HashMap::insert",
    ),
    (
        "std plumbing at the leaf is the caller",
        "app::f > core::option::Option::map > core::intrinsics::copy",
        Leaf::Exact,
        "app app::f",
    ),
    (
        "one allocator leaf, under its public name",
        "app::f > alloc::vec::Vec::push > alloc::alloc::Global::grow > __rust_realloc > realloc > _int_realloc > _int_malloc",
        Leaf::Exact,
        "app app::f > app alloc::vec::Vec::push > allocator realloc",
    ),
    (
        "a copy inside the allocator is a copy",
        "app::f > realloc > memmove",
        Leaf::Exact,
        "app app::f > allocator realloc > memcpy memmove",
    ),
    (
        "a move absorbs the copy it is made by",
        "app::f@5 > moved:Big > memmove",
        Leaf::Exact,
        "app app::f@5 > memcpy moved Big@5",
    ),
    (
        "a move inside std is its caller's",
        "app::f@5 > alloc::vec::Vec::push > core::ptr::write > moved:Big",
        Leaf::Return,
        "app app::f@5 > memcpy moved Big@5",
    ),
    (
        "a move by the executor keeps both ends",
        "app::f > tokio::task::spawn::spawn > tokio::runtime::task::core::Cell::new@8 > moved:Big",
        Leaf::Return,
        "app app::f > runtime tokio::task::spawn::spawn > runtime tokio::runtime::task::core::Cell::new@8 > memcpy moved Big@8",
    ),
    (
        "a move by the poll itself has its place",
        "task:t@6 > tokio::runtime::task::core::Core::poll{0}@7 > moved:Big",
        Leaf::Return,
        "runtime task t > runtime tokio::runtime::task::core::Core::poll@7 > memcpy moved Big@7",
    ),
    (
        "a move right below the poll has the poll's place",
        "task:t@6 > moved:Big",
        Leaf::Return,
        "runtime task t > memcpy moved Big@6",
    ),
    (
        "hooks at the leaf are cut, with the shim they stand for",
        "app::f > alloc::vec::Vec::push > alloc::alloc::alloc > __rust_alloc > perfkit_hooks::Counting::alloc > std::thread::local::LocalKey::with > perfkit_hooks::record",
        Leaf::Return,
        "app app::f > app alloc::vec::Vec::push",
    ),
    (
        "a shim returned into is cut",
        "app::f > alloc::alloc::alloc > __rust_alloc",
        Leaf::Return,
        "app app::f",
    ),
    (
        "hooks in between are not shown",
        "app::f > __rust_alloc > perfkit_hooks::Counting::alloc > malloc",
        Leaf::Exact,
        "app app::f > allocator malloc",
    ),
    (
        "a sample in perfkit is perfkit's",
        "app::f > perfkit_hooks::record",
        Leaf::Exact,
        "app app::f > perfkit perfkit",
    ),
    (
        "perfkit alone keeps its weight",
        "app::main > perfkit::child::measure",
        Leaf::Exact,
        "app app::main > perfkit perfkit",
    ),
    (
        "the body is the root",
        "app::main > perfkit::main > app::declare > perfkit::bench::run > tokio::runtime::runtime::Runtime::block_on > async app::body{0} > app::f",
        Leaf::Exact,
        "app async app::body > app app::f",
    ),
    (
        "an executor that idles under perfkit is not the bench's main function",
        "libc > app::main > perfkit::drive::run > tokio::runtime::runtime::Runtime::block_on > mio::poll::Poll::poll",
        Leaf::Exact,
        "runtime mio::poll::Poll::poll",
    ),
    (
        "arithmetic and pointers are no steps",
        "app::f > core::num::unchecked_add",
        Leaf::Exact,
        "app app::f",
    ),
    (
        "a static program copies with the hooks' own function",
        "app::f > perfkit_hooks::interpose_copies::real::memmove",
        Leaf::Exact,
        "app app::f > memcpy perfkit_hooks::interpose_copies::real::memmove",
    ),
    (
        "a body run as a task is still the body",
        "task:perfkit > perfkit::bench::body > async app::body{0}",
        Leaf::Exact,
        "app async app::body",
    ),
    (
        "a C function costs for its caller",
        "app::f > strlen",
        Leaf::Exact,
        "app app::f > app strlen",
    ),
    (
        "a tracing wrapper is plumbing",
        "async app::f{0} > tracing::instrument::Instrumented::poll > async app::g{0}",
        Leaf::Exact,
        "app async app::f > app async app::g",
    ),
    (
        "nothing is lost without user code",
        "std::sys::pal::unix::thread::start",
        Leaf::Exact,
        "unknown std::sys::pal::unix::thread::start",
    ),
    (
        "an idle executor",
        "app::main > tokio::runtime::runtime::Runtime::block_on > tokio::runtime::io::driver::Driver::turn > mio::poll::Poll::poll > write",
        Leaf::Exact,
        "app app::main > runtime tokio::runtime::runtime::Runtime::block_on > runtime mio::poll::Poll::poll",
    ),
];

#[test]
fn folds() {
    for (about, levels, leaf, expected) in FOLDS {
        let levels: Vec<Code> = levels.split(" > ").map(level).collect();
        let frames = logical::logical_from(&levels, &workspace(), *leaf);
        let short = frames.iter().map(|frame| {
            let kind = match frame.kind {
                FrameKind::Async => "async ",
                FrameKind::Moved => "moved ",
                _ => "",
            };
            let line = if frame.line > 1 {
                format!("@{}", frame.line)
            } else {
                String::new()
            };
            format!("{} {kind}{}{line}", frame.category, frame.name)
        });
        assert_eq!(short.collect::<Vec<_>>().join(" > "), *expected, "{about}");
    }
}

#[test]
fn an_empty_stack_is_unknown() {
    let frames = logical::logical_from(&[], &workspace(), Leaf::Exact);
    assert_eq!(drawn(&frames), "[unknown] unknown: [unknown]\n");
}
