//! `cargo perfkit lint`: which types grew, before anything runs.

use std::path::Path;

use perfkit_compare::lint::{Criteria, TypeSide};
use perfkit_model::comparison::Verdict;
use perfkit_model::layout::{TypeLayout, TypeTable};
use perfkit_model::lint::Lint;
use perfkit_model::run::Run;
use perfkit_report::lint::Origin;

use crate::baselines::Baselines;
use crate::build::{self, Built};
use crate::cli::{BuildArgs, Global, LintArgs, LintFormat};
use crate::failure::{Exit, Failure, counted};
use crate::revision::{self, Revision};
use crate::rustc::Rustc;
use crate::settings::{self, Settings};
use crate::sources::{self, Definition};
use crate::targets::Kind;
use crate::types_text::{self, StoredTypes};
use crate::workspace::Workspace;
use crate::{
    compiler_listing, environment, progress, rendered, session, store, targets, type_tables,
};

/// Functions without code that are named; the rest is counted.
const MOST_NAMED: usize = 5;

/// Runs the command.
pub(crate) fn lint(global: &Global, args: &LintArgs) -> anyhow::Result<Exit> {
    let (workspace, rustc) = session::ask(global)?;
    let (settings, policy) = settings::load(&workspace.root)?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: rustc.triple(args.build.target.as_deref(), &workspace.root),
    };
    let linter = Linter {
        workspace: &workspace,
        settings: &settings,
        rustc: &rustc,
        args,
    };
    linter.check()?;
    let _lock = store::lock(&workspace)?;
    let base = linter.base(&baselines)?;
    let built = linter.build(&workspace)?;
    let started = std::time::Instant::now();
    let mut head = linter.types(&workspace, &built)?;
    let definitions = sources::read(&workspace);

    let run = newest_run(&workspace);
    let crates = workspace.crate_names();
    let mut lint = perfkit_compare::lint::lint(
        base.as_ref()
            .map(|(name, types)| side(name, types))
            .as_ref(),
        &side("this checkout", &head),
        &Criteria {
            crates: &crates,
            policy: &policy,
            started: &head.saved,
            run: run.as_ref(),
        },
    );
    sources::locate(&mut lint, &definitions, &workspace);
    lint.remarks
        .extend(linter.without_code(&definitions, &head));
    if let Some((name, base)) = &base {
        lint.remarks.extend(not_built(name, base, &head));
    }
    tracing::info!(seconds = started.elapsed().as_secs_f64(), "after the build");

    let origin = Origin {
        prefix: revision::prefix(&workspace.root),
    };
    write_all(&workspace, &lint, &origin)?;
    let mut text = Vec::new();
    render(
        args.format,
        &lint,
        &origin,
        progress::colours(global),
        &mut text,
    )?;
    super::print_bytes(&text)?;
    if let Some(name) = &args.save_baseline {
        head.table
            .types
            .retain(|layout| crates.contains(&layout.krate));
        let path = baselines.save_types(name, &head)?;
        progress::status("Saved", &format!("types `{name}` in {}", path.display()));
    }
    Ok(match &lint.verdict {
        // What is stored is accepted.
        Verdict::Regressed if args.save_baseline.is_none() => Exit::Regressed,
        Verdict::NotJudged { .. } if args.gate => Exit::NotJudged,
        _ => Exit::Pass,
    })
}

/// What all steps need.
struct Linter<'a> {
    workspace: &'a Workspace,
    settings: &'a Settings,
    rustc: &'a Rustc,
    args: &'a LintArgs,
}

impl Linter<'_> {
    /// Before anything long: what cannot go well is told at once.
    fn check(&self) -> anyhow::Result<()> {
        let args = self.args;
        if args.compiler_listing {
            compiler_listing::check()?;
        }
        let Some(name) = &args.save_baseline else {
            return Ok(());
        };
        crate::baselines::check_name(name)?;
        if !(args.build.package.is_empty() && args.build.bench.is_empty()) {
            return Err(Failure::usage(
                "a baseline of types holds all of them, and only some were chosen",
            )
            .hint("leave `--package` and `--bench` out")
            .into());
        }
        Ok(())
    }

    /// What to compare with.
    fn base(&self, baselines: &Baselines) -> anyhow::Result<Option<(String, StoredTypes)>> {
        if let Some(wanted) = &self.args.base {
            let revision = revision::find(self.workspace, wanted)?;
            let types = self.types_of(&revision)?;
            return Ok(Some((format!("revision {}", revision.short()), types)));
        }
        let name = self
            .args
            .baseline
            .as_ref()
            .unwrap_or(&self.settings.baseline);
        let is_absent = !baselines.types_path(name).exists();
        if is_absent && self.args.baseline.is_none() {
            return Ok(None);
        }
        if self.args.save_baseline.as_ref() == Some(name) {
            // It is stored anew, which is what the error of a damaged one advises.
            return Ok(baselines
                .load_types(name)
                .ok()
                .map(|types| (format!("baseline {name}"), types)));
        }
        Ok(Some((
            format!("baseline {name}"),
            baselines.load_types(name)?,
        )))
    }

    /// The types of a revision, kept for the next time.
    fn types_of(&self, revision: &Revision) -> anyhow::Result<StoredTypes> {
        let what = format!(
            "{} {} {} {:?} {:?} {}",
            self.rustc.version,
            self.rustc
                .triple(self.args.build.target.as_deref(), &self.workspace.root),
            self.args.compiler_listing,
            self.kinds(),
            self.args.build,
            env!("CARGO_PKG_VERSION")
        );
        let name = format!(
            "{}-{}.toml",
            revision.commit,
            environment::hash(what.as_bytes())
        );
        let kept = self.workspace.folder("types")?.join(name);
        if let Ok(text) = std::fs::read_to_string(&kept)
            && let Ok(types) = types_text::read(&text, &kept)
        {
            return Ok(types);
        }
        let checkout = revision.check_out(self.workspace, "base")?;
        // Cargo takes a crate of the same name at the same place within its workspace for the same crate, and what was
        // built of one revision for that of the other: never in the target directory of the user's checkout.
        let base = Workspace::at(&checkout.root, &self.workspace.folder("base-build")?)?;
        let built = self
            .build(&base)
            .map_err(|error| error.context(format!("{} could not be built", revision.short())))?;
        let types = self.types(&base, &built)?;
        store::write_whole(&kept, |writer| {
            Ok(writer.write_all(types_text::write(&types).as_bytes())?)
        })?;
        Ok(types)
    }

    fn kinds(&self) -> &[Kind] {
        self.args.targets.kinds(self.settings)
    }

    fn build(&self, workspace: &Workspace) -> anyhow::Result<Built> {
        let packages = targets::programs(workspace, &self.args.build, self.kinds())?;
        build::programs(
            workspace,
            &packages,
            &self.args.build,
            self.settings,
            self.rustc,
        )
    }

    fn types(&self, workspace: &Workspace, built: &Built) -> anyhow::Result<StoredTypes> {
        let mut table = type_tables::read(&built.executables, workspace, 1)?;
        let crates = workspace.crate_names();
        if self.args.compiler_listing {
            let definitions = sources::read(workspace);
            let unseen = unseen(&definitions, &table, self.kinds());
            let listed = compiler_listing::futures(workspace, &self.args.build, &unseen)?;
            table.types.extend(listed);
            table.settle();
        }
        // Results of dependencies' making say how large an error is beside its success.
        table.types.retain(|layout| {
            crates.contains(&layout.krate) || layout.name.starts_with("core::result::Result<")
        });
        let programs = built.executables.iter().map(|program| {
            let kind = program.kind.as_str();
            format!("{} {kind} {}", program.package, program.target)
        });
        let listing = self
            .args
            .compiler_listing
            .then(|| "compiler listing".to_owned());
        let mut environment = environment::of_types(self.rustc, built);
        environment.build.extend(features(&self.args.build));
        Ok(StoredTypes {
            saved: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            environment,
            programs: programs.chain(listing).collect(),
            table,
        })
    }

    /// Names the async functions whose futures nobody has seen.
    fn without_code(&self, definitions: &[Definition], types: &StoredTypes) -> Option<String> {
        let without = unseen(definitions, &types.table, self.kinds());
        let named: Vec<String> = without
            .iter()
            .take(MOST_NAMED)
            .map(|definition| {
                let place = &definition.place;
                format!("`{}` ({}:{})", definition.name(), place.file, place.line)
            })
            .collect();
        let more = match without.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let hint = if self.args.compiler_listing {
            "; a generic one that nobody calls has no size"
        } else {
            "; `--compiler-listing` asks the compiler for them"
        };
        (!without.is_empty()).then(|| {
            format!(
                "no built program has the futures of {}: {}{more}{hint}",
                counted(without.len(), "async function"),
                named.join(", ")
            )
        })
    }
}

/// Features that somebody chose: they change types as much as code does.
fn features(chosen: &BuildArgs) -> Vec<String> {
    let mut features = Vec::new();
    if !chosen.features.is_empty() {
        features.push(format!("features={}", chosen.features.join(",")));
    }
    features.extend(
        chosen
            .no_default_features
            .then(|| "default-features=false".to_owned()),
    );
    features.extend(chosen.all_features.then(|| "all-features=true".to_owned()));
    features
}

/// Async functions of which no future is among these types.
fn unseen<'d>(
    definitions: &'d [Definition],
    table: &TypeTable,
    kinds: &[Kind],
) -> Vec<&'d Definition> {
    let types = table.types.iter();
    let futures: Vec<&TypeLayout> = types.filter(|layout| layout.kind.is_future()).collect();
    sources::without_code(definitions, &futures, kinds)
}

fn side<'a>(name: &str, types: &'a StoredTypes) -> TypeSide<'a> {
    TypeSide {
        name: name.to_owned(),
        table: &types.table,
        environment: &types.environment,
    }
}

/// The run that says what is really copied. Without one there is no evidence, and nothing else is lost.
fn newest_run(workspace: &Workspace) -> Option<Run> {
    if store::runs(workspace).is_empty() {
        return None;
    }
    store::load_run(workspace, None)
        .inspect_err(|error| progress::warn(&format!("the newest run is left out: {error:#}")))
        .ok()
}

/// Programs that only the base has.
fn not_built(name: &str, base: &StoredTypes, head: &StoredTypes) -> Option<String> {
    let gone: Vec<String> = base
        .programs
        .iter()
        .filter(|program| !head.programs.contains(program))
        .map(|program| format!("`{program}`"))
        .collect();
    (!gone.is_empty()).then(|| {
        format!(
            "{name} also has the types of {}, which were not built here",
            gone.join(", ")
        )
    })
}

/// Every format, for whoever comes later: an upload step, a comment on the pull request.
fn write_all(workspace: &Workspace, lint: &Lint, origin: &Origin) -> anyhow::Result<()> {
    let folder = workspace.folder("lint")?;
    for (name, format) in [
        ("lint.json", LintFormat::Json),
        ("summary.md", LintFormat::Markdown),
        ("lint.sarif", LintFormat::Sarif),
        ("code-quality.json", LintFormat::Gitlab),
    ] {
        write(&folder.join(name), format, lint, origin)?;
    }
    Ok(())
}

fn write(path: &Path, format: LintFormat, lint: &Lint, origin: &Origin) -> anyhow::Result<()> {
    let mut text = Vec::new();
    render(format, lint, origin, false, &mut text)?;
    store::write_whole(path, |writer| Ok(writer.write_all(&text)?))
}

fn render(
    format: LintFormat,
    lint: &Lint,
    origin: &Origin,
    colours: bool,
    writer: &mut Vec<u8>,
) -> anyhow::Result<()> {
    use perfkit_report::lint;
    match format {
        LintFormat::Terminal => {
            lint::terminal::render(lint, &rendered::terminal_options(colours), writer)
        }
        LintFormat::Json => lint::json::render(lint, writer),
        LintFormat::Markdown => lint::markdown::render(lint, writer),
        LintFormat::Sarif => lint::sarif::render(lint, origin, writer),
        LintFormat::Github => lint::github::render(lint, origin, writer),
        LintFormat::Gitlab => lint::gitlab::render(lint, origin, writer),
    }?;
    Ok(())
}
