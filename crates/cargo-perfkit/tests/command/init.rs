//! `init` in single crates and workspaces, so that `run` works next.

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, files, library};

const ONE: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "# Ours.\n[package]\nname = \"single\"\nedition = \"2024\"\n\n[dependencies] # none yet\n",
    ),
    ("src/lib.rs", "//! Nothing yet.\n"),
];

const SEVERAL: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"server\", \"client\"]\n",
    ),
    (
        "server/Cargo.toml",
        "[package]\nname = \"several-server\"\nedition = \"2024\"\n\n[dev-dependencies]\n\n[[bench]]\nname = \"old\"\nharness = false\n",
    ),
    ("server/src/main.rs", "fn main() {}\n"),
    ("server/benches/old.rs", "fn main() {}\n"),
    (
        "client/Cargo.toml",
        "[package]\nname = \"several-client\"\nedition = \"2021\"\n",
    ),
    ("client/src/lib.rs", ""),
];

/// The files that are there, and the manifest that was edited.
fn written(sandbox: &Sandbox, manifest: &str) -> String {
    let names: Vec<String> = files(&sandbox.root)
        .iter()
        .filter(|path| !path.ends_with(".lockfile-of-perfkit"))
        .map(|path| {
            path.strip_prefix(&sandbox.root)
                .expect("it is inside")
                .display()
                .to_string()
        })
        .collect();
    let text = sandbox.read(manifest);
    // Relative, and so as long as the way from the temporary folder.
    let way = regex::Regex::new(r#"path = "[^"]*""#).expect("it is valid");
    let text = way.replace_all(&text, "path = \"[LIBRARY]\"");
    format!("{}\n----- {manifest}\n{text}", names.join("\n"))
}

#[test]
fn a_single_crate() {
    let sandbox = Sandbox::of(ONE).built();
    assert_snapshot!(
        "init_single",
        sandbox.perfkit(&["init", "--path", &library()]).text()
    );
    assert_snapshot!("init_single_files", written(&sandbox, "Cargo.toml"));
    assert_snapshot!(
        "init_single_run",
        sandbox.perfkit(&["run", "--lens", "heap"]).text()
    );
    // A second time there is nothing to do, and nothing is broken.
    assert_snapshot!(
        "init_again",
        sandbox.perfkit(&["init", "--path", &library()]).text()
    );
    assert_snapshot!("init_again_files", written(&sandbox, "Cargo.toml"));
}

#[test]
fn a_workspace_of_several_crates() {
    let sandbox = Sandbox::of(SEVERAL).built();
    let path = library();
    assert_snapshot!(
        "init_which",
        sandbox.perfkit(&["init", "--path", &path]).text()
    );
    let arguments = ["init", "--path", &path, "--package", "several-server"];
    assert_snapshot!("init_several", sandbox.perfkit(&arguments).text());
    assert_snapshot!("init_several_files", written(&sandbox, "server/Cargo.toml"));
    // The other one from inside its folder, under another name.
    let sandbox = sandbox.within("client");
    sandbox.prepare(&["init", "--path", &path, "--name", "requests"]);
    assert_snapshot!(
        "init_several_other_files",
        written(&sandbox, "client/Cargo.toml")
    );
    assert_snapshot!("init_several_list", sandbox.perfkit(&["list"]).text());
    assert_snapshot!(
        "init_several_run",
        sandbox
            .perfkit(&["run", "several-client", "--lens", "heap"])
            .text()
    );
}

#[test]
fn nothing_is_written_on_a_dry_run() {
    let sandbox = Sandbox::of(ONE);
    let before = written(&sandbox, "Cargo.toml");
    assert_snapshot!(sandbox.perfkit(&["init", "--dry-run"]).text());
    assert_eq!(written(&sandbox, "Cargo.toml"), before);
}

#[test]
fn what_init_refuses() {
    let sandbox = Sandbox::of(SEVERAL);
    for (what, arguments) in [
        ("package", &["init", "--package", "several-sever"][..]),
        (
            "name",
            &["init", "--package", "several-server", "--name", "../x"],
        ),
        (
            "taken",
            &["init", "--package", "several-server", "--name", "old"],
        ),
        (
            "path",
            &["init", "--package", "several-server", "--path", "client"],
        ),
        ("both", &["init", "--path", "x", "--git", "y"]),
    ] {
        assert_snapshot!(
            format!("init_refuses_{what}"),
            sandbox.perfkit(arguments).text()
        );
    }
}
