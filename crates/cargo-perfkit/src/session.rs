//! One side's programs: built, asked for their workloads, and measured.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use perfkit_debuginfo::workspace::WorkspaceCrates;
use perfkit_model::RUN_FORMAT;
use perfkit_model::layout::Piece;
use perfkit_model::run::{Case, Run};

use crate::build::{self, Built, Executable};
use crate::child::Surroundings;
use crate::cli::{BuildArgs, Global};
use crate::matrix::Cell;
use crate::measure::{self, Manner, Taken};
use crate::plan::{Job, Target};
use crate::rustc::{self, Rustc};
use crate::settings::Settings;
use crate::symbols::Symbols;
use crate::workspace::Workspace;
use crate::{environment, progress, store, targets, type_tables};

/// The workspace and its compiler: cargo and the compiler take a tenth of a second each to answer.
pub(crate) fn ask(global: &Global) -> anyhow::Result<(Workspace, Rustc)> {
    let (workspace, rustc) = std::thread::scope(|scope| {
        let rustc = scope.spawn(rustc::ask);
        (Workspace::load(global), rustc.join())
    });
    let rustc = rustc.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok((workspace?, rustc?))
}

/// Where a session's files go, whichever workspace is measured, and by which settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    /// The workspace the command was started in.
    pub(crate) workspace: &'a Workspace,
    /// Its settings.
    pub(crate) settings: &'a Settings,
    /// The compiler.
    pub(crate) rustc: &'a Rustc,
}

/// One side's programs and what they declare.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    home: Home<'a>,
    /// What is measured.
    pub(crate) workspace: &'a Workspace,
    /// Its programs.
    pub(crate) built: Built,
    /// The workloads that they declare.
    pub(crate) targets: Vec<Target>,
    /// What its children are given.
    pub(crate) surroundings: Surroundings,
    /// Folder for requests and replies: the same for all sides, so that its name has one length.
    pub(crate) work: PathBuf,
    recorded: BTreeMap<String, String>,
}

/// The name and time of a run.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// Its id.
    pub(crate) id: String,
    /// When it began.
    started: String,
    /// Folder for files that passes write themselves.
    pub(crate) files: PathBuf,
}

impl Opening {
    /// A new run that begins now.
    pub(crate) fn now(home: Home<'_>) -> anyhow::Result<Self> {
        let now = jiff::Timestamp::now();
        let time = now.strftime("%Y%m%d-%H%M%S").to_string();
        let (id, files) = store::new_run(home.workspace, &time)?;
        Ok(Self {
            id,
            started: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            files,
        })
    }

    /// Removes the folder of a run that came to nothing.
    pub(crate) fn discard(&self, home: Home<'_>) {
        store::discard_run(home.workspace, &self.id);
    }
}

impl<'a> Session<'a> {
    /// Builds the bench targets of a workspace for a cell, and asks them for their workloads.
    pub(crate) fn open(
        home: Home<'a>,
        workspace: &'a Workspace,
        chosen: &BuildArgs,
        cell: &Cell,
    ) -> anyhow::Result<Self> {
        cell.check(chosen)?;
        let chosen = &cell.build(chosen);
        let packages = targets::benches(workspace, chosen)?;
        let built = build::workloads(workspace, &packages, chosen, home.settings, home.rustc)?;
        let (mut variables, mut recorded) = environment::variables(home.settings);
        variables.extend(cell.setting.variables.clone());
        recorded.extend(cell.setting.variables.clone());
        let surroundings = Surroundings {
            variables,
            time_limit: Duration::from_secs(home.settings.time_limit),
        };
        let work = home.workspace.folder("work")?;
        let targets = measure::targets(&built.executables, &surroundings, &work)?;
        Ok(Self {
            home,
            workspace,
            built,
            targets,
            surroundings,
            work,
            recorded,
        })
    }

    /// How its passes are taken.
    pub(crate) fn manner<'s>(&'s self, opening: &'s Opening, quick: bool) -> Manner<'s> {
        Manner {
            quick,
            processors: self.home.settings.processors,
            surroundings: &self.surroundings,
            work: &self.work,
            files: &opening.files,
        }
    }

    /// Gives what was measured its names.
    pub(crate) fn name(&self, taken: Vec<Taken>, jobs: &[Job<'_>]) -> anyhow::Result<Vec<Case>> {
        let crates = WorkspaceCrates {
            root: self.workspace.root.clone(),
            members: self.workspace.crate_names(),
            dependencies: self.workspace.dependency_names(),
        };
        let symbols = Symbols {
            crates: &crates,
            folder: self.home.workspace.folder("symbols")?,
        };
        Ok(measure::name(taken, jobs, &symbols))
    }

    /// What the large types of the measured programs are made of. Where that cannot be read, all that was measured stands.
    pub(crate) fn large_types(&self, jobs: &[Job<'_>]) -> Vec<Piece> {
        let mut executables: Vec<Executable> =
            jobs.iter().map(|job| job.executable.clone()).collect();
        executables.dedup();
        type_tables::largest(&executables, self.workspace)
            .inspect_err(|error| progress::warn(&format!("types are left out: {error:#}")))
            .unwrap_or_default()
    }

    /// The run.
    pub(crate) fn run(&self, opening: &Opening, cases: Vec<Case>, types: Vec<Piece>) -> Run {
        Run {
            format: RUN_FORMAT,
            perfkit: env!("CARGO_PKG_VERSION").to_owned(),
            id: opening.id.clone(),
            started: opening.started.clone(),
            quick: false,
            partial: false,
            left_out: Vec::new(),
            environment: environment::describe(
                self.workspace,
                self.home.settings,
                self.home.rustc,
                &self.built,
                self.recorded.clone(),
            ),
            cases,
            types,
        }
    }
}
