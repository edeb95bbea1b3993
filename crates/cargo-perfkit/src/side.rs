//! What a comparison compares: something measured before, or something to build and measure now.

use std::path::{Path, PathBuf};

use perfkit_compare::SideKind;
use perfkit_model::run::Run;

use crate::baselines::Baselines;
use crate::failure::Failure;
use crate::matrix::{self, Cell};
use crate::progress;
use crate::revision::{self, Checkout, Revision};
use crate::settings::Settings;
use crate::store;
use crate::workspace::Workspace;

/// One side of a comparison.
#[derive(Debug)]
pub(crate) enum Side {
    /// Measured before.
    Stored(Box<Stored>),
    /// To be built and measured.
    Source(Box<Source>),
}

/// What was measured before.
#[derive(Debug)]
pub(crate) struct Stored {
    /// How reports call it.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) kind: SideKind,
    /// Its values.
    pub(crate) run: Run,
}

/// What is to be built and measured.
#[derive(Debug)]
pub(crate) struct Source {
    /// How reports call it.
    pub(crate) name: String,
    /// Where its code is, and where it is built.
    pub(crate) workspace: Workspace,
    /// The one variant that is measured; none for what the command line says.
    pub(crate) variant: Option<String>,
    /// The cell of the matrix that it is measured in.
    pub(crate) cell: Cell,
    /// Goes away with it.
    checkout: Option<Checkout>,
}

impl Source {
    /// Whether it is a revision, whose code nobody can change.
    pub(crate) fn is_checked_out(&self) -> bool {
        self.checkout.is_some()
    }

    /// A revision, checked out beside the user's files until this value goes.
    pub(crate) fn of_revision(
        workspace: &Workspace,
        revision: &Revision,
        which: Which,
    ) -> anyhow::Result<Self> {
        let checkout = revision.check_out(workspace, which.as_str())?;
        // Cargo takes a crate of the same name at the same place within its workspace for the same crate: never in the
        // target directory of another side.
        let target = workspace.folder(&format!("{}-build", which.as_str()))?;
        Ok(Self {
            name: format!("revision {}", revision.short()),
            workspace: Workspace::at(&checkout.root, &target)?,
            variant: None,
            cell: Cell::default(),
            checkout: Some(checkout),
        })
    }
}

/// Which of the two, which is also the name of its worktree: both names have one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// What is compared with.
    Base,
    /// What is judged.
    Head,
}

impl Which {
    /// Its option and its folder.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

/// Finds what somebody means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver<'a> {
    /// The workspace the command was started in.
    pub(crate) workspace: &'a Workspace,
    /// Its baselines.
    pub(crate) baselines: &'a Baselines,
    /// Its settings.
    pub(crate) settings: &'a Settings,
}

impl Resolver<'_> {
    /// The side of this name. A prefix (`rev:`, `dir:`, `baseline:`, `run:`, `variant:`, `cell:`) says which kind is meant; without
    /// one a directory comes first, then a revision, a baseline and a run.
    pub(crate) fn resolve(&self, wanted: &str, which: Which) -> anyhow::Result<Side> {
        if let Some((kind, name)) = wanted.split_once(':') {
            match kind {
                "rev" => return self.revision(name, which),
                "dir" => return self.directory(Path::new(name)),
                "baseline" => return self.baseline(name),
                "run" => return self.run(name),
                "variant" => return self.checkout(Some(name)),
                "cell" => return self.cell(name),
                _ => {}
            }
        }
        let path = Path::new(wanted);
        if path.join("Cargo.toml").is_file() {
            return self.directory(path);
        }
        if path.join("run.json").is_file() {
            return self.run(wanted);
        }
        let has_baseline = self.baselines.names().iter().any(|name| name == wanted);
        match self.revision(wanted, which) {
            Ok(side) => {
                if has_baseline {
                    progress::warn(&format!(
                        "`{wanted}` is a revision and a baseline; the revision is taken. `baseline:{wanted}` names the other"
                    ));
                }
                Ok(side)
            }
            Err(_) if has_baseline => self.baseline(wanted),
            Err(_) if store::runs(self.workspace).iter().any(|run| run == wanted) => {
                self.run(wanted)
            }
            Err(error)
                if error
                    .downcast_ref::<Failure>()
                    .is_some_and(Failure::is_usage) =>
            {
                Err(self.unknown(wanted, &error).into())
            }
            Err(error) => Err(error),
        }
    }

    /// The user's own checkout.
    pub(crate) fn checkout(&self, variant: Option<&str>) -> anyhow::Result<Side> {
        let name = match variant {
            Some(variant) => format!("variant {variant}"),
            None => "this checkout".to_owned(),
        };
        self.own(name, variant, Cell::default())
    }

    /// The user's own checkout in a cell of the matrix.
    fn cell(&self, name: &str) -> anyhow::Result<Side> {
        let cell = matrix::cell(name, self.settings)?;
        if cell.runtime.is_some() {
            return Err(
                Failure::usage("cases on different runtimes are not compared")
                    .hint("`cargo perfkit run --matrix runtime=…` shows them side by side")
                    .into(),
            );
        }
        self.own(name.to_owned(), None, cell)
    }

    fn own(&self, name: String, variant: Option<&str>, cell: Cell) -> anyhow::Result<Side> {
        Ok(Side::Source(Box::new(Source {
            name,
            workspace: Workspace::at(&self.workspace.root, &self.workspace.target)?,
            variant: variant.map(str::to_owned),
            cell,
            checkout: None,
        })))
    }

    fn revision(&self, name: &str, which: Which) -> anyhow::Result<Side> {
        let revision = revision::find(self.workspace, name)?;
        let mut source = Source::of_revision(self.workspace, &revision, which)?;
        if !revision.commit.starts_with(name) {
            source.name = format!("{name} ({})", revision.short());
        }
        Ok(Side::Source(Box::new(source)))
    }

    fn directory(&self, path: &Path) -> anyhow::Result<Side> {
        let root = canonical(path)?;
        if root == canonical(&self.workspace.root)? {
            return self.checkout(None);
        }
        let hash = crate::environment::hash(root.as_os_str().as_encoded_bytes());
        let target = self.workspace.folder(&format!("sides/{hash}"))?;
        Ok(Side::Source(Box::new(Source {
            name: path.display().to_string(),
            workspace: Workspace::at(&root, &target)?,
            variant: None,
            cell: Cell::default(),
            checkout: None,
        })))
    }

    fn baseline(&self, name: &str) -> anyhow::Result<Side> {
        Ok(Side::Stored(Box::new(Stored {
            name: format!("baseline {name}"),
            kind: SideKind::Baseline,
            run: self.baselines.load(name)?,
        })))
    }

    fn run(&self, name: &str) -> anyhow::Result<Side> {
        // A run is its folder; people also name the file in it.
        let folder = Path::new(name);
        let folder = if folder.file_name().is_some_and(|file| file == "run.json") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        };
        let run = store::load_run(self.workspace, folder.to_str())?;
        Ok(Side::Stored(Box::new(Stored {
            name: format!("run {}", run.id),
            kind: SideKind::RunFile,
            run,
        })))
    }

    fn unknown(&self, wanted: &str, error: &anyhow::Error) -> Failure {
        let baselines = self.baselines.names().join(", ");
        let failure = Failure::usage(format!(
            "`{wanted}` is no directory with a Cargo.toml, no revision, no baseline and no run"
        ))
        .hint(format!("as a revision: {error}"))
        .hints_of(error);
        match baselines.as_str() {
            "" => failure,
            names => failure.hint(format!("there are the baselines {names}")),
        }
    }
}

fn canonical(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize().map_err(|error| {
        Failure::usage(format!("{} cannot be opened: {error}", path.display()))
            .hint("name a directory with a Cargo.toml")
            .into()
    })
}
