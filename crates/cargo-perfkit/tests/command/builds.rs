//! Builds that fail, that the user changed, and that are not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::sandbox::Sandbox;

/// A package whose perfkit is another one: of a later protocol, and compiled in a moment.
const LATER: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        r#"
[package]
name = "client"
edition = "2024"
[dev-dependencies]
perfkit = { path = "perfkit" }
[lib]
bench = false
[[bench]]
name = "work"
harness = false
[workspace]
"#,
    ),
    ("src/lib.rs", ""),
    ("benches/work.rs", "fn main() { perfkit::keep() }\n"),
    (
        "perfkit/Cargo.toml",
        "[package]\nname = \"perfkit\"\nversion = \"0.9.0\"\nedition = \"2024\"\n[features]\ncpu = []\ndhat = []\n",
    ),
    (
        "perfkit/src/lib.rs",
        r#"
#![allow(unexpected_cfgs)]
#[cfg(not(users_own))]
const NOTE: [u8; 48] = *b"perfkit\0{\"protocol\":9,\"version\":\"0.9.0\"}\0\0\0\0\0\0\0\0";
#[cfg(users_own)]
const NOTE: [u8; 48] = *b"perfkit\0{\"protocol\":9,\"version\":\"0.9.0-own\"}\0\0\0\0";
#[used]
#[unsafe(link_section = ".note.perfkit")]
static MARKER: [u8; 48] = NOTE;
pub fn keep() {
    std::hint::black_box(&MARKER);
}
"#,
    ),
];

/// Logs the name it is called by, the crate, and the flags that perfkit adds.
const WRAPPER: &str = r#"#!/bin/sh
crate=
for word in "$@"; do
    [ "$last" = --crate-name ] && crate=$word
    last=$word
done
[ "$crate" = client ] || [ "$crate" = perfkit ] || [ "$crate" = work ] &&
    echo "$(basename "$0"): $crate: $(echo "$*" | grep -o -e '-Cforce-frame-pointers=yes' -e '-Zannotate-moves' | tr '\n' ' ')" >>"$WRAPPER_LOG"
exec "$@"
"#;

#[test]
fn a_bench_target_of_another_protocol() {
    let sandbox = Sandbox::of(LATER);
    assert_snapshot!(sandbox.perfkit(&["run"]).text());
}

#[test]
fn a_request_of_another_protocol() {
    let sandbox = Sandbox::service();
    let reply = sandbox.target().join("reply.json");
    for (what, request) in [
        ("later", "{\"protocol\": 9, \"question\": \"?\"}"),
        ("half", "{\"protocol\": 1, \"rep"),
        ("none", ""),
    ] {
        let file = sandbox.target().join("request.json");
        fs::write(&file, request).expect("it can be written");
        let mut command = sandbox.program(&sandbox.executable("orders").display().to_string());
        command.env("PERFKIT_REQUEST", &file);
        assert_snapshot!(format!("request_{what}"), sandbox.run(command).text());
        assert!(!reply.exists());
    }
}

#[test]
fn rustflags_of_the_user_stay_in_force() {
    let by_variable = Sandbox::of(LATER).with("RUSTFLAGS", "--cfg users_own");
    assert_snapshot!(
        "rustflags_by_variable",
        by_variable.perfkit(&["run"]).text()
    );
    let by_file = Sandbox::of(LATER);
    by_file.write(
        ".cargo/config.toml",
        "[build]\nrustflags = [\"--cfg\", \"users_own\"]\n",
    );
    assert_snapshot!("rustflags_by_file", by_file.perfkit(&["run"]).text());
}

#[test]
fn wrappers_of_the_user_stay_in_force() {
    let by_variable = with_wrappers();
    let tools = by_variable.root.join("tools");
    let path = |name: &str| tools.join(name).display().to_string();
    let by_variable = by_variable
        .with("RUSTC_WRAPPER", &path("all.sh"))
        .with("RUSTC_WORKSPACE_WRAPPER", &path("own.sh"));
    assert_snapshot!("wrappers_by_variable", log_of(&by_variable));

    // Relative paths in a file are relative to the folder that holds `.cargo`, and dependencies are compiled
    // elsewhere.
    let by_file = with_wrappers();
    by_file.write(
        ".cargo/config.toml",
        "[build]\nrustc-wrapper = \"tools/all.sh\"\nrustc-workspace-wrapper = \"tools/own.sh\"\n",
    );
    assert_snapshot!("wrappers_by_file", log_of(&by_file));
}

fn with_wrappers() -> Sandbox {
    let sandbox = Sandbox::of(LATER);
    for name in ["tools/all.sh", "tools/own.sh"] {
        sandbox.write(name, WRAPPER);
        let script = sandbox.root.join(name);
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    // A dependency that cargo compiles with another working directory than the workspace's.
    let outside = sandbox.root.join("../outside");
    fs::rename(sandbox.root.join("perfkit"), outside).expect("both are in the sandbox");
    let manifest = sandbox.read("Cargo.toml");
    sandbox.write(
        "Cargo.toml",
        &manifest.replace("\"perfkit\" }", "\"../outside\" }"),
    );
    let log = sandbox.root.join("wrapper.log").display().to_string();
    sandbox.with("WRAPPER_LOG", &log)
}

/// Who compiled what, and how the build went.
fn log_of(sandbox: &Sandbox) -> String {
    let outcome = sandbox.perfkit(&["run"]);
    let log = fs::read_to_string(sandbox.root.join("wrapper.log")).unwrap_or_default();
    let mut lines: Vec<&str> = log.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    format!("{}\n----- log\n{}", outcome.text(), lines.join("\n"))
}

#[test]
fn a_workspace_that_does_not_compile() {
    let sandbox = Sandbox::of(LATER);
    sandbox.write("src/lib.rs", "compile_error!(\"this is not ready\");\n");
    assert_snapshot!(sandbox.perfkit(&["run"]).text());
}

#[test]
fn ctrl_c_while_building() {
    let sandbox = Sandbox::of(LATER);
    sandbox.write("build.rs", "fn main() { loop { std::thread::park() } }\n");
    let mut running = sandbox.start(&["run"]);
    running.wait_for("Compiling client");
    running.signal(Signal::INT);
    // Cargo writes a line in pieces, and may end between two of them.
    let text = running.end().text();
    assert_snapshot!(text.replace("   Compilingerror:", "error:"));
}

#[test]
fn features_that_are_not_there() {
    let sandbox = Sandbox::of(LATER);
    assert_snapshot!(sandbox.perfkit(&["run", "--features", "fast"]).text());
}

#[test]
fn two_global_allocators() {
    let sandbox = Sandbox::copy_of("service", "allocates").built();
    let lib = sandbox.read("src/lib.rs");
    let declaration =
        "#[global_allocator]\nstatic ALLOCATOR: std::alloc::System = std::alloc::System;\n";
    sandbox.write("src/lib.rs", &format!("{lib}\n{declaration}"));
    assert_snapshot!(sandbox.perfkit(&["run", "--bench", "orders"]).text());
}

#[test]
fn a_bench_target_of_somebody_else_is_never_executed() {
    let sandbox = Sandbox::service().built();
    let arguments = ["run", "--bench", "foreign"];
    assert_snapshot!(sandbox.perfkit(&arguments).text());
    assert!(
        !Path::new(&sandbox.root)
            .join("foreign-was-executed")
            .exists()
    );
}

#[test]
fn opt_level_z_has_no_copies_to_count() {
    let sandbox = Sandbox::copy_of("service", "small").built();
    let manifest = sandbox.read("Cargo.toml");
    let profile = "[profile.bench.package.service-small]\nopt-level = \"z\"\n";
    sandbox.write("Cargo.toml", &format!("{manifest}\n{profile}"));
    let run = ["run", "--bench", "orders", "orders", "--gate"];
    let all = sandbox.perfkit(&[&run[..], &["--lens", "heap,memcpy"]].concat());
    assert_snapshot!("opt_level_z", all.text());
    let one = sandbox.perfkit(&[&run[..], &["--lens", "memcpy"]].concat());
    assert_snapshot!("opt_level_z_and_nothing_else", one.text());
}

#[test]
fn debug_info_that_is_forced_off() {
    let sandbox = Sandbox::copy_of("service", "bare").built();
    let manifest = sandbox.read("Cargo.toml");
    let profile = "[profile.bench.package.service-bare]\ndebug = 0\n";
    sandbox.write("Cargo.toml", &format!("{manifest}\n{profile}"));
    let run = ["run", "--bench", "orders", "orders", "--lens", "heap"];
    assert_snapshot!(sandbox.perfkit(&run).text());
}
