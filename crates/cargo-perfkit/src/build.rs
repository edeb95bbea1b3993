//! The plain build: cargo's bench profile with frame pointers, v0 names and debug info, in a target directory of its own.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{ArtifactDebuginfo, Message};

use rustix::process::Pid;

use crate::cli::BuildArgs;
use crate::failure::{Failure, counted};
use crate::rustc::Rustc;
use crate::settings::Settings;
use crate::targets::{Kind, TargetPackage};
use crate::workspace::{Workspace, create_folder};
use crate::{cargo_config, interrupt, marker, progress, wrapper};

/// A built program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executable {
    /// The file.
    pub(crate) path: PathBuf,
    /// Package.
    pub(crate) package: String,
    /// Kind of its target.
    pub(crate) kind: Kind,
    /// Its target.
    pub(crate) target: String,
    /// Folder its children run in.
    pub(crate) folder: PathBuf,
    /// `opt-level` it was built with.
    pub(crate) opt_level: String,
    /// Debug info it was built with.
    pub(crate) debug_info: ArtifactDebuginfo,
}

/// Everything the build gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    /// The programs, by package and target.
    pub(crate) executables: Vec<Executable>,
    /// What was set, for the record.
    pub(crate) settings: Vec<String>,
    /// Whether moves are annotated.
    pub(crate) annotated_moves: bool,
    /// The triple it was built for.
    pub(crate) triple: String,
}

/// Debug info that names what is measured, and no more: types for the workspace, lines for dependencies.
const PROFILE: [&str; 4] = [
    "profile.bench.debug=2",
    "profile.bench.package.\"*\".debug=\"line-tables-only\"",
    "profile.bench.split-debuginfo=\"off\"",
    "profile.bench.strip=\"none\"",
];

/// What the library has to be able to do in a measured process.
const FEATURES: [&str; 3] = ["perfkit/cpu", "perfkit/dhat", "perfkit/stages"];

/// Builds bench targets, and keeps those with workloads.
pub(crate) fn workloads(
    workspace: &Workspace,
    packages: &[TargetPackage],
    chosen: &BuildArgs,
    settings: &Settings,
    rustc: &Rustc,
) -> anyhow::Result<Built> {
    let mut built = programs(workspace, packages, chosen, settings, rustc)?;
    let mut executables = Vec::new();
    for executable in built.executables {
        if marker::is_perfkit_bench(&executable.path)? {
            warn_of_blindness(&executable);
            executables.push(executable);
        } else {
            tracing::debug!(target = executable.target, "not a perfkit bench");
        }
    }
    if executables.is_empty() {
        return Err(Failure::usage("no bench target of this workspace is a perfkit bench")
            .hint("a perfkit bench has `harness = false` and calls `perfkit::main!(…)`; `cargo perfkit init` adds one")
            .into());
    }
    built.executables = executables;
    Ok(built)
}

/// Builds the targets of these packages.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn programs(
    workspace: &Workspace,
    packages: &[TargetPackage],
    chosen: &BuildArgs,
    settings: &Settings,
    rustc: &Rustc,
) -> anyhow::Result<Built> {
    let triple = rustc.triple(chosen.target.as_deref(), &workspace.root);
    rustc.check(&triple)?;
    let annotate = settings.annotate_moves && rustc.annotates_moves;
    let mut flags: Vec<String> = wrapper::FLAGS
        .iter()
        .map(|flag| (*flag).to_owned())
        .collect();
    flags.extend(annotate.then(|| wrapper::ANNOTATE_FLAG.to_owned()));
    flags.extend(PROFILE.iter().map(|setting| (*setting).to_owned()));

    let folder = workspace.folder(&format!("build-{}", flavour(&flags)))?;
    // The wrapper's path is to be the same however the folder is reached.
    let folder = folder.canonicalize().unwrap_or(folder);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "build",
            // The profile of `cargo bench`, also for other targets: what is built for one serves all.
            "--profile=bench",
            // Cargo hands the compiler's messages over or prints them; the usual causes are told apart by reading.
            if std::io::stderr().is_terminal() {
                "--message-format=json-diagnostic-rendered-ansi"
            } else {
                "--message-format=json"
            },
            "--target-dir",
        ])
        .arg(&folder);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    for package in packages {
        command.args(["--package", &package.name]);
    }
    for (kind, name) in packages.iter().flat_map(|package| &package.targets) {
        command.arg(format!("--{}", kind.as_str())).arg(name);
    }
    let has_perfkit = packages.iter().any(|package| package.has_perfkit);
    // A revision may have a version of the library that lacks some of them; their passes then say so.
    let is_offered = |feature: &&&str| has_perfkit && workspace.offers(feature);
    for feature in FEATURES.iter().filter(is_offered) {
        command.args(["--features", feature]);
    }
    prepare(&mut command, workspace, chosen);
    set_wrapper(&mut command, &wrapper::link(&folder)?, workspace, annotate);

    let mut targets = packages.iter().flat_map(|package| &package.targets);
    let is_benches = targets.all(|(kind, _)| *kind == Kind::Benches);
    let started = Instant::now();
    progress::status(
        "Building",
        &format!(
            "{} in the bench profile, with frame pointers and debug info",
            if is_benches { "workloads" } else { "programs" }
        ),
    );
    let (artifacts, succeeded, errors) = artifacts(command)?;
    if interrupt::requested() {
        return Err(Failure::new("interrupted while building")
            .hint("nothing was measured; run it again")
            .into());
    }
    if !succeeded {
        return Err(explain(&errors).into());
    }
    let mut executables: Vec<Executable> = artifacts
        .into_iter()
        .filter_map(|artifact| executable(artifact, packages))
        .collect();
    executables.sort_by(|left, right| {
        (&left.package, left.kind, &left.target).cmp(&(&right.package, right.kind, &right.target))
    });
    progress::status(
        "Built",
        &format!(
            "{} in {:.1} s",
            counted(
                executables.len(),
                if is_benches {
                    "bench target"
                } else {
                    "program"
                }
            ),
            started.elapsed().as_secs_f64()
        ),
    );
    Ok(Built {
        executables,
        settings: flags,
        annotated_moves: annotate,
        triple,
    })
}

/// Checks the libraries and programs of the workspace, and has the wrapper list their types into `folder`. Returns each
/// crate with the stem of its files' names.
pub(crate) fn checked(
    workspace: &Workspace,
    chosen: &BuildArgs,
    folder: &Path,
) -> anyhow::Result<Vec<(String, String)>> {
    create_folder(&folder.join("types"), "or leave `--compiler-listing` out")?;
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["check", "--profile=bench", "--workspace", "--lib", "--bins"])
        .args(["--message-format=json", "--target-dir"])
        .arg(&folder);
    prepare(&mut command, workspace, chosen);
    set_wrapper(&mut command, &wrapper::link(&folder)?, workspace, false);
    command.env(wrapper::LISTING_VARIABLE, &folder);
    progress::status("Checking", "for the compiler's own listing of types");
    let (artifacts, succeeded, errors) = artifacts(command)?;
    if !succeeded {
        return Err(explain(&errors).into());
    }
    let stem = |artifact: &cargo_metadata::Artifact| {
        let mut stems = artifact
            .filenames
            .iter()
            .filter_map(|file| file.file_stem());
        stems
            .next()
            .map(|stem| stem.strip_prefix("lib").unwrap_or(stem).to_owned())
    };
    Ok(artifacts
        .iter()
        .filter_map(|artifact| Some((artifact.target.name.replace('-', "_"), stem(artifact)?)))
        .collect())
}

/// What the wrapper does beside adding flags: a number that changes with it.
const WRAPPER: u32 = 1;

/// Cargo fingerprints the wrapper's path and not the flags it adds, so each set of flags has a folder of its own.
fn flavour(flags: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    (WRAPPER, flags).hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
}

/// What every call of cargo has in common: the workspace, the features somebody chose, and where its words go.
fn prepare(command: &mut Command, workspace: &Workspace, chosen: &BuildArgs) {
    command
        .arg("--manifest-path")
        .arg(workspace.root.join("Cargo.toml"));
    for feature in &chosen.features {
        command.args(["--features", feature]);
    }
    command.args(
        chosen
            .no_default_features
            .then_some("--no-default-features"),
    );
    command.args(chosen.all_features.then_some("--all-features"));
    if let Some(triple) = &chosen.target {
        command.args(["--target", triple]);
    }
    command.args(progress::is_quiet().then_some("--quiet"));
    command
        .current_dir(&workspace.root)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
}

fn set_wrapper(command: &mut Command, own: &Path, workspace: &Workspace, annotate: bool) {
    let chained = cargo_config::wrappers(&workspace.root);
    command
        .env("RUSTC_WRAPPER", own)
        .env("RUSTC_WORKSPACE_WRAPPER", own)
        .env(wrapper::WRAPPER_VARIABLE, own);
    for (variable, value) in [
        (wrapper::ANNOTATE_VARIABLE, annotate.then(|| "1".to_owned())),
        (wrapper::CHAINED_VARIABLE, chained.all),
        (wrapper::CHAINED_WORKSPACE_VARIABLE, chained.workspace),
    ] {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
}

/// Runs cargo; diagnostics go to stderr as they come, and the errors are kept for telling the usual causes apart.
fn artifacts(
    mut command: Command,
) -> anyhow::Result<(Vec<cargo_metadata::Artifact>, bool, String)> {
    tracing::debug!(?command, "building");
    // A group of its own, so that whoever interrupts perfkit alone ends the build and its compilers, too.
    let mut cargo = command
        .process_group(0)
        .spawn()
        .context("failed to run cargo")?;
    let watched = interrupt::watch(Pid::from_raw(i32::try_from(cargo.id()).unwrap_or_default()));
    let mut artifacts = Vec::new();
    let mut errors = String::new();
    let stdout = cargo.stdout.take().context("cargo's output is not piped")?;
    for line in BufReader::new(stdout).lines() {
        match serde_json::from_str(&line.context("failed to read cargo's output")?) {
            Ok(Message::CompilerArtifact(artifact)) => artifacts.push(artifact),
            Ok(Message::CompilerMessage(message)) => {
                let diagnostic = message.message;
                progress::quote(diagnostic.rendered.as_deref().unwrap_or_default());
                if diagnostic.level == DiagnosticLevel::Error {
                    errors.push_str(&diagnostic.message);
                }
            }
            _ => {}
        }
    }
    let status = cargo.wait().context("failed to wait for cargo")?;
    drop(watched);
    Ok((artifacts, status.success(), errors))
}

fn explain(errors: &str) -> Failure {
    if errors.is_empty() {
        return Failure::new("cargo could not build the workspace; see its messages above")
            .hint("`cargo bench --no-run` shows whether it can without perfkit's settings");
    }
    if errors.contains("No space left on device") {
        return Failure::new("there is no space left for the build; see cargo's messages above").hint(
            "a build of perfkit's takes some hundred MB, and each side of a comparison has its own: free some, remove \
             old ones under target/perfkit, or point CARGO_TARGET_DIR elsewhere",
        );
    }
    let failure = Failure::new("the workspace does not compile; see cargo's messages above");
    if errors.contains("conflicts with global allocator")
        || errors.contains("cannot define multiple global allocators")
    {
        return failure
            .hint("`perfkit::main!` declares the global allocator, and a crate of this program declares one too")
            .hint("let that crate wrap its allocator in `perfkit::Allocator` for benches, and write `perfkit::main!(allocator = none, …)`; `cargo perfkit explain allocator` shows how");
    }
    failure.hint("`cargo bench --no-run` shows whether it compiles without perfkit's settings")
}

fn executable(
    artifact: cargo_metadata::Artifact,
    packages: &[TargetPackage],
) -> Option<Executable> {
    let path = artifact.executable?.into_std_path_buf();
    let kind = Kind::of(&artifact.target)?;
    let manifest = artifact.manifest_path.as_std_path();
    let package = packages
        .iter()
        .find(|package| manifest.parent() == Some(&package.folder))?;
    // Cargo also builds the programs that a bench or test of their package may start.
    let wanted = (kind, artifact.target.name);
    package.targets.contains(&wanted).then(|| Executable {
        path,
        package: package.name.clone(),
        kind,
        target: wanted.1,
        folder: package.folder.clone(),
        opt_level: artifact.profile.opt_level,
        debug_info: artifact.profile.debuginfo,
    })
}

/// Says what the user's own profile keeps from being seen.
fn warn_of_blindness(executable: &Executable) {
    let target = &executable.target;
    if executable.opt_level == "z" {
        progress::warn(&format!(
            "{target} is built at opt-level=z, where every copy is inlined and none is a call: the memcpy lens is \
             not available. Set another `opt-level` in `[profile.bench]`"
        ));
    }
    if executable.debug_info != ArtifactDebuginfo::Full {
        progress::warn(&format!(
            "{target} is built with debug={}, so causes have no names and lines. Remove `debug` from the profile's \
             section of this package; perfkit sets it",
            executable.debug_info
        ));
    }
}
