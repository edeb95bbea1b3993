//! The command line as typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::settings::Settings;
use crate::targets::Kind;
use crate::{commands, failure, interrupt, progress};

/// Find out what makes an async Rust service slow, and keep it from getting slower.
///
/// Runs the workloads of this workspace under instrumentation, names what costs CPU time, allocations and copies,
/// compares with a baseline, and fails only when something really got worse.
#[derive(Debug, Parser)]
#[command(
    name = "cargo perfkit",
    bin_name = "cargo perfkit",
    version,
    max_term_width = 100
)]
#[command(
    after_help = "Start with `cargo perfkit run`. In a workspace without workloads: `cargo perfkit init`.\n\
    Exit codes: 0 pass or nothing to judge, 1 perfkit or a workload failed, 2 usage, 3 regressed, 4 asked to judge and could not."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The `Cargo.toml` of the workspace to measure.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// No progress on stderr.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On terminals, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure workloads, compare with the baseline, write the reports.
    Run(RunArgs),
    /// Compare two revisions, directories, variants, baselines or runs; build both and measure them in turn.
    Compare(CompareArgs),
    /// Find the commit that made something worse.
    Bisect(BisectArgs),
    /// List the workloads with their variants, arguments and runtimes.
    List(SelectArgs),
    /// Save, list, show and remove baselines.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Keep what each revision of the main branch measured, and say where a value changed for good.
    #[command(subcommand)]
    History(HistoryCommand),
    /// Show what types and futures are made of. Builds, runs nothing.
    Types(TypesArgs),
    /// Say which types and futures grew since the baseline. Builds, runs nothing.
    Lint(LintArgs),
    /// Render a run again, in any format.
    Report(ReportArgs),
    /// Explain a rule, metric or lens. Without a name, list them.
    Explain(ExplainArgs),
    /// Set up a first workload in this workspace.
    Init(InitArgs),
    /// Say what this machine can measure, and what to do about the rest.
    Doctor,
}

/// Which workloads.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectArgs {
    /// Workloads whose name, target or package contains one of these words, or those of these names where each word is a whole
    /// one; without any all that are not on request.
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Every workload, also those that run on request alone.
    #[arg(long)]
    pub(crate) workspace: bool,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

impl SelectArgs {
    /// Whether workloads on request are meant without their names: all of them, or those of a package or target.
    pub(crate) fn requests_all(&self) -> bool {
        self.workspace || !self.build.package.is_empty() || !self.build.bench.is_empty()
    }
}

/// What to build.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BuildArgs {
    /// Only these packages.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Vec<String>,
    /// Only these bench targets.
    #[arg(long, value_name = "NAME")]
    pub(crate) bench: Vec<String>,
    /// Features of the workspace's packages to switch on.
    #[arg(long, short = 'F', value_name = "FEATURES")]
    pub(crate) features: Vec<String>,
    /// Without default features.
    #[arg(long)]
    pub(crate) no_default_features: bool,
    /// With all features.
    #[arg(long)]
    pub(crate) all_features: bool,
    /// Build for this target, which this machine has to be able to run [default: cargo's `build.target`, else this machine's].
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
}

/// `cargo perfkit run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Lenses to look through: time, heap, memcpy, io, cpu, types, instructions, dhat, load, stages [default: all
    /// but the last four].
    #[arg(long, value_name = "LENS", value_delimiter = ',')]
    pub(crate) lens: Vec<String>,
    /// Variants to run; `all` for every one [default: each workload's first].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) variant: Vec<String>,
    /// Measure under several settings, as `allocator=system,mimalloc`; of several axes every combination. `[matrix]` in
    /// perfkit.toml defines axes, and `runtime` needs no definition.
    #[arg(long, value_name = "AXIS=VALUES")]
    pub(crate) matrix: Vec<String>,
    /// Fewer iterations and samples. Exact counts are as good as ever, timings are not.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Judge or fail: exit 4 when there is something that could not be judged.
    #[arg(long)]
    pub(crate) gate: bool,
    /// Compare with this baseline [default: `main`, where it exists].
    #[arg(long, value_name = "NAME", env = "PERFKIT_BASELINE")]
    pub(crate) baseline: Option<String>,
    /// Store the run's exact values under this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) save_baseline: Option<String>,
    /// Let values grow by this many percent before a rule speaks, whatever perfkit.toml says.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) noise_threshold: Option<f64>,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Open the HTML report in a browser.
    #[arg(long)]
    pub(crate) open: bool,
}

/// `cargo perfkit compare`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    cargo perfkit compare --base origin/main                this checkout against a revision\n  \
    cargo perfkit compare --base v1.2 --head v1.3 lookups   two revisions, one workload\n  \
    cargo perfkit compare --base ../other                   another directory: other versions, other features\n  \
    cargo perfkit compare --base variant:tree --head variant:hash\n  \
    cargo perfkit compare --base cell:allocator=system --head cell:allocator=mimalloc\n  \
    cargo perfkit compare --base baseline:main              exact values alone; timings of another session mean nothing\n\n\
    Revisions are built in worktrees under target/perfkit; your checkout is not touched. Counts are compared exactly;\n\
    CPU time is taken from processes of both sides in turn, as many as decide.\n\
    Exit codes: 0 no worse, 1 failed, 2 usage, 3 regressed, 4 not everything could be judged.")]
pub(crate) struct CompareArgs {
    /// What to compare with: a revision, directory, baseline or run; `rev:`, `dir:`, `baseline:`, `run:`, `variant:` and
    /// `cell:` (of a matrix, as `cell:allocator=mimalloc`) in front say which is meant.
    #[arg(long, value_name = "SIDE")]
    pub(crate) base: String,
    /// What to judge [default: this checkout].
    #[arg(long, value_name = "SIDE")]
    pub(crate) head: Option<String>,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Lenses to look through: time, heap, memcpy, io, cpu, types, instructions, dhat, load, stages [default: all but the
    /// last three; instructions where valgrind is, and not with `--quick`; cpu where it got slower].
    #[arg(long, value_name = "LENS", value_delimiter = ',')]
    pub(crate) lens: Vec<String>,
    /// Variants to run; `all` for every one [default: each workload's first].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) variant: Vec<String>,
    /// Seconds for the timings of one case, at most [default: 60].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time_budget: Option<u64>,
    /// Fewer iterations and samples. Exact counts are as good as ever.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Exit as `git bisect run` wants it: 0 no worse, 1 worse, 125 cannot be built or judged, 128 usage.
    #[arg(long)]
    pub(crate) git_bisect: bool,
    /// Let values grow by this many percent before a rule speaks, whatever perfkit.toml says.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) noise_threshold: Option<f64>,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Open the HTML report in a browser.
    #[arg(long)]
    pub(crate) open: bool,
}

/// `cargo perfkit bisect`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    cargo perfkit bisect --good v1.2                      which commit since v1.2 made something worse\n  \
    cargo perfkit bisect --good v1.2 --bad v1.3 lookups   only this workload\n  \
    git bisect run cargo perfkit compare --base v1.2 --git-bisect lookups   the same with git's own bisection\n\n\
    Commits are built in worktrees under target/perfkit; your checkout is not touched. A commit that cannot be built or\n\
    judged is skipped. Of merges the first parent is followed.\n\
    Exit codes: 0 found, 1 failed, 2 usage or nothing is worse, 4 some commits could not be judged.")]
pub(crate) struct BisectArgs {
    /// A commit before it got worse.
    #[arg(long, value_name = "REV")]
    pub(crate) good: String,
    /// A commit after.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(crate) bad: String,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Lenses to look through [default: as `compare`].
    #[arg(long, value_name = "LENS", value_delimiter = ',')]
    pub(crate) lens: Vec<String>,
    /// Variants to run; `all` for every one [default: each workload's first].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) variant: Vec<String>,
    /// Seconds for the timings of one case, at most [default: 60].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time_budget: Option<u64>,
}

/// A report format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Terminal,
    /// Everything but the stacks, for programs.
    Json,
    /// For a pull request or a step summary.
    Markdown,
    /// The self-contained page.
    Html,
    /// Folded stacks of one metric, for flamegraph tools.
    Folded,
    /// An SVG flamegraph of one metric; a differential one where there is a base.
    Svg,
    /// A pprof profile, gzipped.
    Pprof,
}

#[derive(Debug, Subcommand)]
enum BaselineCommand {
    /// Store a run's exact values under a name; the newest run unless another is named.
    Save {
        /// Name of the baseline.
        #[arg(default_value = "main")]
        name: String,
        /// The run, as `report --list` lists it.
        #[arg(long, value_name = "RUN")]
        run: Option<String>,
    },
    /// List the baselines.
    List,
    /// Print a baseline.
    Show {
        /// Name of the baseline.
        #[arg(default_value = "main")]
        name: String,
    },
    /// Remove a baseline.
    Remove {
        /// Name of the baseline.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
#[command(after_help = "On every commit of the main branch:\n  \
    cargo perfkit run                     measure\n  \
    cargo perfkit history add             adds a line to reports/history, to be committed\n\n\
    Then:\n  \
    cargo perfkit history steps           which values changed for good, and with which revision\n  \
    cargo perfkit history show ddsplit --metric time.cpu\n\n\
    A history never gates: a step is seen when entries have followed it, too late for a pull request.\n\
    Baselines are for those. The exit code is 0, 1 or 2, whatever steps there are.")]
enum HistoryCommand {
    /// Add a run's values under its revision; the newest run unless another is named.
    ///
    /// Add revisions in the order of the branch. Timings of `--quick` runs are left out.
    Add(HistoryAddArgs),
    /// Show values over time, and where they changed for good.
    Show(HistoryShowArgs),
    /// List where values changed for good, newest first.
    Steps(HistorySelectArgs),
}

/// `cargo perfkit history add`.
#[derive(Debug, Clone, Args)]
pub(crate) struct HistoryAddArgs {
    /// The run, as `report --list` lists it.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Put it in the place of the entry that its revision has already.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Add it also if the tree had changes that no commit has.
    #[arg(long)]
    pub(crate) allow_dirty: bool,
}

/// `cargo perfkit history show`.
#[derive(Debug, Clone, Args)]
pub(crate) struct HistoryShowArgs {
    #[command(flatten)]
    pub(crate) select: HistorySelectArgs,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: HistoryFormat,
}

/// Which values.
#[derive(Debug, Clone, Args)]
pub(crate) struct HistorySelectArgs {
    /// Cases whose name contains this; all without it.
    #[arg(value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// This metric [default: CPU time, instructions, allocations, allocated and copied bytes].
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
}

/// A format of `cargo perfkit history show`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HistoryFormat {
    /// Text for people.
    #[default]
    Terminal,
    /// Every value and step, for programs.
    Json,
}

/// `cargo perfkit types`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    cargo perfkit types                     the largest types of the workspace's own crates\n  \
    cargo perfkit types --futures           its largest futures, and which variable makes them so\n  \
    cargo perfkit types store::DistriErr    every part of one type\n  \
    cargo perfkit types 'async fn' --all    futures of dependencies, too")]
pub(crate) struct TypesArgs {
    /// Show the anatomy of types whose name contains this; `async fn load`, `store::Session<`.
    #[arg(value_name = "TYPE")]
    pub(crate) pattern: Option<String>,
    /// Only futures.
    #[arg(long)]
    pub(crate) futures: bool,
    /// Types of at least this many bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub(crate) min_size: u64,
    /// Types of dependencies and of the standard library, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Types to show at most; 0 for all.
    #[arg(long, value_name = "COUNT", default_value_t = 30)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) targets: TargetArgs,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: TypesFormat,
}

/// Which targets.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// Kinds of targets to build and read [default: `targets` of perfkit.toml, else benches and bins].
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    targets: Vec<Kind>,
}

impl TargetArgs {
    /// The kinds that were typed, or those that the settings have.
    pub(crate) fn kinds<'a>(&'a self, settings: &'a Settings) -> &'a [Kind] {
        match self.targets.as_slice() {
            [] => &settings.targets.0,
            typed => typed,
        }
    }
}

/// `cargo perfkit lint`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    cargo perfkit lint --save-baseline      store the types as they are; commit reports/baselines\n  \
    cargo perfkit lint                      what grew since then\n  \
    cargo perfkit lint --base origin/main   what grew since that revision, which is built beside\n  \
    cargo perfkit lint --gate --format github   on a pull request\n\n\
    Every format is also written to target/perfkit/lint. What was large already is not red, what grew is.")]
pub(crate) struct LintArgs {
    /// Compare with this revision of the git repository, built in a worktree of its own.
    #[arg(long, value_name = "REV", conflicts_with = "baseline")]
    pub(crate) base: Option<String>,
    /// Compare with the types stored under this name [default: `main`, where they exist].
    #[arg(long, value_name = "NAME", env = "PERFKIT_BASELINE")]
    pub(crate) baseline: Option<String>,
    /// Store the types as they are under this name, and so accept all of them [default name: `main`].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "main")]
    pub(crate) save_baseline: Option<String>,
    /// Judge or fail: exit 4 when there is nothing to compare with, or it cannot be compared.
    #[arg(long)]
    pub(crate) gate: bool,
    /// Also ask the compiler for the futures that no built program has, where it can list types.
    #[arg(long)]
    pub(crate) compiler_listing: bool,
    #[command(flatten)]
    pub(crate) targets: TargetArgs,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: LintFormat,
}

/// A format of `cargo perfkit lint`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// Text for people.
    #[default]
    Terminal,
    /// Everything, for programs.
    Json,
    /// For a pull request or a step summary.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
}

/// A format of `cargo perfkit types`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TypesFormat {
    /// Text for people.
    #[default]
    Terminal,
    /// Everything, for programs.
    Json,
}

/// `cargo perfkit report`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportArgs {
    /// A run's name or its directory; the newest without one.
    pub(crate) run: Option<String>,
    /// Format; without it the HTML report is written and its path printed.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Compare with this baseline [default: `main`, where it exists].
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// For folded, svg and pprof: the case, by a part of its name [default: the first].
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// For folded and svg: the metric whose stacks to draw.
    #[arg(long, value_name = "METRIC", default_value = "cpu.samples")]
    pub(crate) metric: String,
    /// Write here instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// List the stored runs.
    #[arg(long)]
    pub(crate) list: bool,
    /// Open the HTML report in a browser.
    #[arg(long)]
    pub(crate) open: bool,
}

/// `cargo perfkit explain`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExplainArgs {
    /// Id of a rule, metric or lens.
    pub(crate) id: Option<String>,
}

/// `cargo perfkit init`.
#[derive(Debug, Clone, Args)]
pub(crate) struct InitArgs {
    /// Package to add the workload to; needed where the workspace has several.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Depend on perfkit in this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "git")]
    pub(crate) path: Option<PathBuf>,
    /// Depend on perfkit from this git repository.
    #[arg(long, value_name = "URL")]
    pub(crate) git: Option<String>,
    /// Name of the bench target.
    #[arg(long, value_name = "NAME", default_value = "perfkit")]
    pub(crate) name: String,
    /// Say what would be written, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Parses, runs, and turns the outcome into an exit code.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(arguments(std::env::args_os().collect())) {
        Ok(cli) => cli,
        // Clap's own codes: 0 for help and version, 2 for usage.
        Err(error) => error.exit(),
    };
    progress::configure(&cli.global);
    interrupt::install();
    let outcome = match &cli.command {
        Command::Run(args) => commands::run::run(&cli.global, args),
        Command::Compare(args) => commands::compare::compare(&cli.global, args),
        Command::Bisect(args) => commands::bisect::bisect(&cli.global, args),
        Command::List(args) => commands::list::list(&cli.global, args),
        Command::Baseline(command) => match command {
            BaselineCommand::Save { name, run } => {
                commands::baseline::save(&cli.global, name, run.as_deref())
            }
            BaselineCommand::List => commands::baseline::list(&cli.global),
            BaselineCommand::Show { name } => commands::baseline::show(&cli.global, name),
            BaselineCommand::Remove { name } => commands::baseline::remove(&cli.global, name),
        },
        Command::History(command) => match command {
            HistoryCommand::Add(args) => commands::history::add(&cli.global, args),
            HistoryCommand::Show(args) => commands::history::show(&cli.global, args),
            HistoryCommand::Steps(args) => commands::history::steps(&cli.global, args),
        },
        Command::Types(args) => commands::types::types(&cli.global, args),
        Command::Lint(args) => commands::lint::lint(&cli.global, args),
        Command::Report(args) => commands::report::report(&cli.global, args),
        Command::Explain(args) => commands::explain::explain(args.id.as_deref()),
        Command::Init(args) => commands::init::init(&cli.global, args),
        Command::Doctor => commands::doctor::doctor(&cli.global),
    };
    let exit = outcome.unwrap_or_else(|error| failure::report(&error));
    match &cli.command {
        Command::Compare(args) if args.git_bisect => exit.for_git_bisect(),
        _ => exit.into(),
    }
}

/// Cargo runs `cargo-perfkit perfkit run`; an alias runs `cargo-perfkit run`. Both are the same command.
fn arguments(mut typed: Vec<OsString>) -> Vec<OsString> {
    if typed.get(1).is_some_and(|word| word == "perfkit") {
        typed.remove(1);
    }
    typed
}
