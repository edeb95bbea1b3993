//! A workspace to run the command in, with a target directory and a folder of baselines of its own.
//!
//! What is compiled is shared by all tests: the build folders in each sandbox are links to one place.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::outcome::{Outcome, Running};

/// Where the library is that fixtures depend on.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../perfkit");
/// How the fixtures' manifests spell it.
const LIBRARY_IN_FIXTURES: &str = "../../../../perfkit";

/// A workspace with a target directory.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    /// Root of the workspace.
    pub(crate) root: PathBuf,
    /// Where the command is run.
    pub(crate) directory: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Sandbox {
    /// The service of `tests/fixtures/service`. Its sources are shared with other tests: not to be changed.
    pub(crate) fn service() -> Self {
        Self::new(|_| shared().service.clone())
    }

    /// A copy of a fixture for this test alone. Its packages get the suffix `name` where that is not empty, because
    /// cargo would otherwise put them in the place of another copy's.
    pub(crate) fn copy_of(fixture: &str, name: &str) -> Self {
        Self::new(|folder| {
            let root = folder.join("workspace");
            copy(&fixtures().join(fixture), &root);
            if !name.is_empty() {
                let manifest = root.join("Cargo.toml");
                let text = read(&manifest);
                let renamed = format!("name = \"{fixture}-{name}\"\nversion");
                let text = text.replacen(&format!("name = \"{fixture}\"\nversion"), &renamed, 1);
                let text = text.replacen("[lib]\n", &format!("[lib]\nname = \"{fixture}\"\n"), 1);
                write(&manifest, &text);
            }
            root
        })
    }

    /// A workspace of these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::new(|folder| {
            let root = folder.join("workspace");
            for (name, text) in files {
                write(&root.join(name), text);
            }
            copy_lockfile(&root);
            root
        })
    }

    /// A package with one bench target, and more lines for its manifest: dependencies of the target, tables. In the build that
    /// tests share, packages of one name would take each other's place, so that every test has a name of its own.
    pub(crate) fn bench(name: &str, source: &str, more: &str) -> Self {
        let manifest = format!(
            r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"
publish = false

[lib]
bench = false

[[bench]]
name = "{name}"
path = "benches/bench.rs"
harness = false

[workspace]

[dev-dependencies]
perfkit = {{ path = "{}" }}
{more}
"#,
            library()
        );
        Self::of(&[
            ("Cargo.toml", &manifest),
            ("benches/bench.rs", source),
            ("src/lib.rs", ""),
        ])
        .built()
    }

    fn new(root: impl FnOnce(&Path) -> PathBuf) -> Self {
        fetch();
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let root = root(folder.path());
        let sandbox = Self {
            directory: root.clone(),
            root,
            variables: BTreeMap::from([
                ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
                ("CARGO_TERM_COLOR".to_owned(), "never".to_owned()),
                // The sandbox may lie inside perfkit's own checkout, whose revision is no business of these runs.
                ("GIT_DIR".to_owned(), "/nonexistent".to_owned()),
                // What hangs by mistake is to be told soon.
                ("PERFKIT_TIME_LIMIT".to_owned(), "30".to_owned()),
            ]),
            folder,
        };
        let target = sandbox.target();
        let baselines = sandbox.baselines();
        let sandbox = sandbox
            .with("CARGO_TARGET_DIR", &target.display().to_string())
            .with("PERFKIT_BASELINES", &baselines.display().to_string());
        let history = sandbox.history().display().to_string();
        let sandbox = sandbox.with("PERFKIT_HISTORY", &history);
        fs::create_dir_all(target.join("perfkit")).expect("there is room for a folder");
        sandbox
    }

    /// Links the compiled dependencies in. Tests whose command builds nothing do without.
    pub(crate) fn built(self) -> Self {
        for entry in fs::read_dir(shared().target.join("perfkit")).expect("the build is there") {
            let entry = entry.expect("the build can be listed");
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("build-") {
                let link = self.target().join("perfkit").join(&name);
                std::os::unix::fs::symlink(entry.path(), link).expect("links can be made");
            }
        }
        self
    }

    /// Sets a variable for the command.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves a variable to what the command inherits.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Runs the command in a folder of the workspace.
    pub(crate) fn within(mut self, directory: &str) -> Self {
        self.directory = self.root.join(directory);
        self
    }

    /// The target directory.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// The folder of the baselines.
    pub(crate) fn baselines(&self) -> PathBuf {
        self.folder.path().join("baselines")
    }

    /// The folder of the history.
    pub(crate) fn history(&self) -> PathBuf {
        self.folder.path().join("history")
    }

    /// The one text file of a baseline.
    pub(crate) fn baseline(&self, name: &str) -> PathBuf {
        files(&self.baselines())
            .into_iter()
            .find(|path| {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                file.starts_with(&format!("{name}.")) && file.ends_with(".toml")
            })
            .expect("the baseline was saved")
    }

    /// The built bench target of the shared service.
    pub(crate) fn executable(&self, target: &str) -> PathBuf {
        let built = files(&shared().target);
        let is_wanted = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.extension().is_none()
                && path.parent().is_some_and(|parent| parent.ends_with("deps"))
                && name
                    .rsplit_once('-')
                    .is_some_and(|(stem, _)| stem == target)
        };
        built.iter().find(is_wanted).expect("it was built").clone()
    }

    /// A file of the workspace, with its new text.
    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.root.join(name), text);
    }

    /// The text of a file of the workspace.
    pub(crate) fn read(&self, name: &str) -> String {
        read(&self.root.join(name))
    }

    /// Runs the command to its end.
    pub(crate) fn perfkit(&self, arguments: &[&str]) -> Outcome {
        self.run(self.command(arguments))
    }

    /// Runs the command, which has to succeed, for what it leaves behind.
    pub(crate) fn prepare(&self, arguments: &[&str]) {
        let outcome = self.perfkit(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.text());
    }

    /// Starts the command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), self)
    }

    /// Runs any command in this sandbox to its end.
    pub(crate) fn run(&self, command: Command) -> Outcome {
        Running::start(command, self).end()
    }

    /// The command with these arguments, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_cargo-perfkit"));
        command.args(arguments);
        command
    }

    /// Any program with the sandbox's environment, not started.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let of_the_caller = ["PERFKIT_", "RUST", "CARGO_", "MALLOC_", "INSTA_"];
            let needed = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME"];
            if of_the_caller.iter().any(|prefix| name.starts_with(prefix))
                && !needed.contains(&name.as_str())
            {
                command.env_remove(name);
            }
        }
        command.envs(&self.variables).current_dir(&self.directory);
        command
    }

    /// Paths that differ from run to run, with what to call them; longer ones first.
    pub(crate) fn places(&self) -> Vec<(String, &'static str)> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut places = vec![
            (self.root.clone(), "[WORKSPACE]"),
            (self.target(), "[TARGET]"),
            (self.folder.path().to_owned(), "[SANDBOX]"),
            (checkout.canonicalize().unwrap_or(checkout), "[CHECKOUT]"),
        ];
        places.sort_by_key(|(path, _)| std::cmp::Reverse(path.as_os_str().len()));
        places
            .into_iter()
            .map(|(path, name)| (path.display().to_string(), name))
            .collect()
    }
}

/// The service and the compiled dependencies.
struct Shared {
    service: PathBuf,
    target: PathBuf,
}

/// Builds once, also where every test is a process of its own.
fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(&folder).expect("there is room for a folder");
        let lock = File::create(folder.join("fixtures.lock")).expect("the folder can be written");
        lock.lock().expect("the file system has locks");
        let service = folder.join("service");
        copy(&fixtures().join("service"), &service);
        let target = folder.join("fixtures-target");
        let sandbox = Sandbox::new(|_| service.clone())
            .with("CARGO_TARGET_DIR", &target.display().to_string());
        sandbox.prepare(&["list"]);
        sandbox.prepare(&["list", "--bench", "orders"]);
        Shared { service, target }
    })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Copies a fixture. Files that are the same already stay untouched, so that cargo does not build them again.
fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let text = read(&path).replace(LIBRARY_IN_FIXTURES, &library());
        let path = to.join(path.strip_prefix(from).expect("it was found in there"));
        if !path.is_file() || read(&path) != text {
            write(&path, &text);
        }
    }
    copy_lockfile(to);
}

/// Gets the sources of optional dependencies, which a plain build of the tests leaves out: the fixtures build with
/// criterion, and they build offline. Cargo asks nobody where all sources are there.
fn fetch() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // Without them the build of a fixture fails, and says which one is missing.
        drop(
            Command::new(cargo)
                .args(["fetch", "--locked", "--manifest-path"])
                .arg(manifest)
                .output(),
        );
    });
}

/// The versions of this repository, so that no test asks the network. Cargo takes out what a fixture does not need,
/// so a second copy remembers what it began with.
fn copy_lockfile(to: &Path) {
    let lockfile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let text = read(&lockfile);
    let origin = to.join(".lockfile-of-perfkit");
    if !origin.is_file() || read(&origin) != text {
        write(&to.join("Cargo.lock"), &text);
        write(&origin, &text);
    }
}

/// The library's folder.
pub(crate) fn library() -> String {
    let path = Path::new(LIBRARY).canonicalize().expect("it is beside us");
    path.display().to_string()
}

/// All files below a folder, links not followed, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("files lie in folders");
    fs::create_dir_all(folder).expect("there is room for a folder");
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
