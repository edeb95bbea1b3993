//! Source paths, as a table.

use std::path::Path;

use perfkit_debuginfo::files::{self, Origin};

const FILES: &[(&str, &str, Origin)] = &[
    (
        "/home/user/repo/workloads/ddsplit/src/store.rs",
        "workloads/ddsplit/src/store.rs",
        Origin::Workspace,
    ),
    (
        "/home/user/repo/workloads/ddsplit/benches/../src/lib.rs",
        "workloads/ddsplit/src/lib.rs",
        Origin::Workspace,
    ),
    (
        "workloads/ddsplit/src/store.rs",
        "workloads/ddsplit/src/store.rs",
        Origin::Workspace,
    ),
    (
        "/home/user/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.54.1/src/sync/mod.rs",
        "tokio-1.54.1/src/sync/mod.rs",
        Origin::Dependency,
    ),
    (
        "/home/user/.cargo/git/checkouts/hyper-0a1b2c3d/9f8e7d6/src/lib.rs",
        "hyper/src/lib.rs",
        Origin::Dependency,
    ),
    (
        "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
        "core/src/option.rs",
        Origin::Std,
    ),
    (
        "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/../../backtrace/src/lib.rs",
        "backtrace/src/lib.rs",
        Origin::Std,
    ),
    (
        "/home/user/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs",
        "alloc/src/vec/mod.rs",
        Origin::Std,
    ),
    (
        "/rust/deps/hashbrown-0.15.5/src/raw/mod.rs",
        "hashbrown-0.15.5/src/raw/mod.rs",
        Origin::Std,
    ),
    (
        "/home/user/repo/target/release/build/prost-types-0123456789abcdef/out/gen.rs",
        "prost-types/out/gen.rs",
        Origin::Dependency,
    ),
    (
        "/elsewhere/shared/src/lib.rs",
        "shared/src/lib.rs",
        Origin::Dependency,
    ),
    ("/usr/include/stdio.h", "stdio.h", Origin::Dependency),
    ("/", "", Origin::Dependency),
    ("", "", Origin::Unknown),
];

#[test]
fn no_path_of_a_machine_is_shown() {
    for (file, path, origin) in FILES {
        let relative = files::relative(file, Path::new("/home/user/repo"));
        assert_eq!(
            (&*relative.path, relative.origin),
            (*path, *origin),
            "{file}"
        );
        assert!(!relative.path.starts_with('/'), "{file}");
    }
}

#[test]
fn a_file_suggests_its_module() {
    let rows = [
        (
            "tokio-1.54.1/src/runtime/task/mod.rs",
            Some(("tokio", "tokio::runtime::task")),
        ),
        (
            "futures-util-0.3.34/src/lib.rs",
            Some(("futures_util", "futures_util")),
        ),
        (
            "thing-1.0.0-beta.2/src/a/b.rs",
            Some(("thing", "thing::a::b")),
        ),
        ("core/src/option.rs", Some(("core", "core::option"))),
        (
            "workloads/dd-split/src/main.rs",
            Some(("dd_split", "dd_split")),
        ),
        ("zstd-sys-2.0.1/zstd/lib/compress.c", None),
        ("stdio.h", None),
    ];
    for (path, module) in rows {
        let found = files::module(path);
        assert_eq!(
            found.as_ref().map(|(krate, module)| (&**krate, &**module)),
            module,
            "{path}"
        );
    }
}
