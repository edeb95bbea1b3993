//! `cargo perfkit compare`: two sides, built and measured in turn where they can be.

use std::time::Duration;

use perfkit_compare::because::join_types;
use perfkit_compare::lint::{Criteria, TypeSide};
use perfkit_compare::pairing;
use perfkit_compare::policy::Policy;
use perfkit_compare::{SideKind, timing};
use perfkit_model::comparison::{Comparison, Verdict};
use perfkit_model::lens::Pass;
use perfkit_model::lint::Lint;
use perfkit_model::run::{Case, Run};
use perfkit_report::View;

use crate::baselines::Baselines;
use crate::cli::{CompareArgs, Global};
use crate::commands::run::with_threshold;
use crate::failure::{Exit, Failure, counted};
use crate::interleave::{Contender, Terms, interleave};
use crate::link_orders::Shuffle;
use crate::measure::{self, Manner, Taken};
use crate::plan::{self, Choice, Job};
use crate::progress::Steps;
use crate::session::{self, Home, Opening, Session};
use crate::side::{Resolver, Side, Source, Stored, Which};
use crate::workspace::Workspace;
use crate::{callgrind, environment, progress, rendered, settings, sources, store, type_tables};

/// Runs the command.
pub(crate) fn compare(global: &Global, args: &CompareArgs) -> anyhow::Result<Exit> {
    let (workspace, rustc) = session::ask(global)?;
    let (settings, policy) = settings::load(&workspace.root)?;
    let policy = with_threshold(policy, args.noise_threshold)?;
    let home = Home {
        workspace: &workspace,
        settings: &settings,
        rustc: &rustc,
    };
    plan::passes(&args.lens)?;
    rendered::check_whole(args.format)?;
    let baselines = Baselines {
        folder: workspace.root.join(&settings.baselines),
        target: rustc.triple(args.select.build.target.as_deref(), &workspace.root),
    };
    let resolver = Resolver {
        workspace: &workspace,
        baselines: &baselines,
        settings: &settings,
    };
    let _lock = store::lock(&workspace)?;
    let base = resolver.resolve(&args.base, Which::Base)?;
    let head = match &args.head {
        Some(wanted) => resolver.resolve(wanted, Which::Head)?,
        None => resolver.checkout(None)?,
    };
    let compared = match (base, head) {
        (Side::Source(base), Side::Source(head)) => Measuring {
            home,
            args,
            policy: &policy,
        }
        .both(&base, &head)?,
        (Side::Stored(base), Side::Source(head)) => {
            let head = measured(home, args, &head)?;
            judged(*base, head, &policy)
        }
        (Side::Source(base), Side::Stored(head)) => {
            let base = measured(home, args, &base)?;
            judged(base, *head, &policy)
        }
        (Side::Stored(base), Side::Stored(head)) => judged(*base, *head, &policy),
    };

    compared.save(home)?;
    let Compared {
        base,
        head,
        comparison,
    } = &compared;
    let view = View {
        run: head,
        base: Some(base),
        comparison,
        // A history is that of one branch, and either side may be of another.
        trend: None,
    };
    let page = rendered::write_all(&workspace, &view)?;
    let mut text = Vec::new();
    rendered::render(
        args.format,
        &view,
        None,
        progress::colours(global),
        &mut text,
    )?;
    super::print(&String::from_utf8_lossy(&text))?;
    progress::status("Report", &page.display().to_string());
    if args.open {
        rendered::open(&page);
    }
    Ok(exit(&compared))
}

/// Both sides and what is said of them.
pub(super) struct Compared {
    base: Run,
    head: Run,
    pub(super) comparison: Comparison,
}

impl Compared {
    /// Keeps what was measured now.
    fn save(&self, home: Home<'_>) -> anyhow::Result<()> {
        for run in [&self.base, &self.head] {
            if store::is_new(home.workspace, &run.id) {
                store::save_run(home.workspace, run, home.settings.keep_runs)?;
            }
        }
        Ok(())
    }

    /// Removes the folders of what was measured now.
    pub(super) fn discard(&self, workspace: &Workspace) {
        for run in [&self.base, &self.head] {
            if store::is_new(workspace, &run.id) {
                store::discard_run(workspace, &run.id);
            }
        }
    }
}

fn exit(compared: &Compared) -> Exit {
    let failed = compared.head.failures().chain(compared.base.failures());
    match compared.comparison.verdict {
        Verdict::Regressed => Exit::Regressed,
        _ if failed.count() > 0 => Exit::Failed,
        Verdict::NotJudged { .. } => Exit::NotJudged,
        Verdict::Pass => Exit::Pass,
    }
}

/// Compares what is at hand.
fn judged(base: Stored, head: Stored, policy: &Policy) -> Compared {
    let comparison = perfkit_compare::compare(&side(&base), &side(&head), policy);
    Compared {
        base: base.run,
        head: head.run,
        comparison,
    }
}

fn side(stored: &Stored) -> perfkit_compare::Side<'_> {
    perfkit_compare::Side {
        name: stored.name.clone(),
        kind: stored.kind,
        run: &stored.run,
    }
}

/// Measures one side alone, for a stored one to be compared with.
fn measured(home: Home<'_>, args: &CompareArgs, source: &Source) -> anyhow::Result<Stored> {
    let session = open(home, args, source)?;
    let jobs = plan::jobs(
        &session.targets,
        &choice(args, &variants(args, source), source),
    )?;
    let opening = Opening::now(home)?;
    let taken = measure::take_all(&jobs, &session.manner(&opening, args.quick))
        .inspect_err(|_| opening.discard(home))?;
    let run = Run {
        quick: args.quick,
        partial: true,
        ..session.run(&opening, session.name(taken, &jobs)?, Vec::new())
    };
    Ok(Stored {
        name: source.name.clone(),
        kind: SideKind::Measured,
        run,
    })
}

fn open<'a>(home: Home<'a>, args: &CompareArgs, source: &'a Source) -> anyhow::Result<Session<'a>> {
    Session::open(home, &source.workspace, &args.select.build, &source.cell).map_err(|error| {
        let error = match error.downcast::<Failure>() {
            Ok(failure) if source.is_checked_out() => failure.not_usage().into(),
            Ok(failure) => failure.into(),
            Err(error) => error,
        };
        error.context(format!("{} could not be measured", source.name))
    })
}

fn variants(args: &CompareArgs, source: &Source) -> Vec<String> {
    match &source.variant {
        Some(variant) => vec![variant.clone()],
        None => args.variant.clone(),
    }
}

fn choice<'a>(args: &'a CompareArgs, variants: &'a [String], source: &'a Source) -> Choice<'a> {
    Choice {
        filters: &args.select.filters,
        on_request: args.select.requests_all(),
        variants,
        lenses: &args.lens,
        runtime: source.cell.runtime.as_deref(),
    }
}

/// What measuring both sides needs.
#[derive(Clone, Copy)]
pub(super) struct Measuring<'a> {
    pub(super) home: Home<'a>,
    pub(super) args: &'a CompareArgs,
    pub(super) policy: &'a Policy,
}

/// One side while it is measured.
struct Contestant<'a> {
    source: &'a Source,
    session: &'a Session<'a>,
    opening: Opening,
}

impl Measuring<'_> {
    /// Builds and measures both sides: counts of each, then timings in turn, then samples of what got slower.
    pub(super) fn both(&self, base: &Source, head: &Source) -> anyhow::Result<Compared> {
        let sessions = (
            open(self.home, self.args, base)?,
            open(self.home, self.args, head)?,
        );
        let base = Contestant {
            source: base,
            session: &sessions.0,
            opening: Opening::now(self.home)?,
        };
        let head = Contestant {
            source: head,
            session: &sessions.1,
            opening: Opening::now(self.home)?,
        };
        self.measure(&base, &head).inspect_err(|_| {
            base.opening.discard(self.home);
            head.opening.discard(self.home);
        })
    }

    fn measure(&self, base: &Contestant<'_>, head: &Contestant<'_>) -> anyhow::Result<Compared> {
        let (base_jobs, head_jobs) = self.jobs(base, head)?;
        let passes = plan::passes(&self.args.lens)?;
        let manners = (self.manner(base), self.manner(head));
        let mut base_taken = measure::take_all(&base_jobs, &manners.0)?;
        let mut head_taken = measure::take_all(&head_jobs, &manners.1)?;

        let pairs = pairs(&base_taken, &head_taken);
        let is_timed = passes.iter().any(|(pass, _)| *pass == Pass::Time);
        let is_sampled = passes.iter().any(|(pass, _)| *pass == Pass::Cpu);
        let mut sides = [(base_jobs, manners.0), (head_jobs, manners.1)];
        let [(base_jobs, base_manner), (head_jobs, head_manner)] = &mut sides;
        let judged = timing::judged(self.policy);
        let terms = Terms {
            judged: &judged,
            cases: pairs.len(),
            base: &base.opening.id,
            shuffle: Shuffle::begin(),
            budget: self.budget(),
        };
        let mut steps = Steps::new("Timing", if is_timed { pairs.len() } else { 0 });
        for (left, right) in pairs.iter().copied().filter(|_| is_timed) {
            steps.next(&head_jobs[right].id.to_string());
            let mut base = Contender {
                job: &base_jobs[left],
                manner: base_manner,
                taken: &mut base_taken[left],
            };
            let mut head = Contender {
                job: &head_jobs[right],
                manner: head_manner,
                taken: &mut head_taken[right],
            };
            interleave(&mut base, &mut head, &terms)?;
            // Samples say where the time went, of what got slower.
            if is_sampled && self.got_slower(base.taken, head.taken, pairs.len()) {
                let lenses = ["cpu".to_owned()];
                measure::take(base.job, (Pass::Cpu, &lenses), base_manner, base.taken)?;
                measure::take(head.job, (Pass::Cpu, &lenses), head_manner, head.taken)?;
            }
        }
        if is_timed {
            steps.finish("Timed", &counted(pairs.len(), "case"));
        }
        let base_run = self.run(base, base_taken, base_jobs)?;
        let head_run = self.run(head, head_taken, head_jobs)?;
        let base_side = self.side(base, &base_run);
        let head_side = self.side(head, &head_run);
        let mut comparison = perfkit_compare::compare(&base_side, &head_side, self.policy);
        if plan::reads_types(&self.args.lens) {
            match self.lint(base, head, &head_run) {
                Ok(lint) => join_types(&mut comparison, lint),
                Err(error) => progress::warn(&format!("types are left out: {error:#}")),
            }
        }
        Ok(Compared {
            base: base_run,
            head: head_run,
            comparison,
        })
    }

    /// The jobs of both sides. What only one side has is left to the comparison to say.
    fn jobs<'s>(
        &self,
        base: &'s Contestant<'_>,
        head: &'s Contestant<'_>,
    ) -> anyhow::Result<(Vec<Job<'s>>, Vec<Job<'s>>)> {
        let jobs = |side: &'s Contestant<'_>| {
            let variants = variants(self.args, side.source);
            plan::jobs(
                &side.session.targets,
                &choice(self.args, &variants, side.source),
            )
        };
        let (mut base_jobs, mut head_jobs) = match (jobs(base), jobs(head)) {
            (Ok(base), Ok(head)) => (base, head),
            (Ok(jobs), Err(_)) => (jobs, Vec::new()),
            (Err(_), Ok(jobs)) => (Vec::new(), jobs),
            (Err(_), Err(error)) => return Err(error.into()),
        };
        // Timings are taken in turn, and samples where they are needed.
        let counts_instructions =
            self.args.lens.is_empty() && !self.args.quick && callgrind::version().is_some();
        for job in base_jobs.iter_mut().chain(&mut head_jobs) {
            let is_kept = |pass: &Pass| match pass {
                Pass::Time => false,
                Pass::Cpu => self.args.lens.iter().any(|lens| lens == "cpu"),
                Pass::Count | Pass::Dhat | Pass::Instructions | Pass::Load | Pass::Stages => true,
            };
            job.passes.retain(|(pass, _)| is_kept(pass));
            if counts_instructions && job.id.runtime == "current_thread" {
                let lenses = vec!["instructions".to_owned()];
                job.passes.push((Pass::Instructions, lenses));
            }
        }
        Ok((base_jobs, head_jobs))
    }

    fn manner<'s>(&self, side: &'s Contestant<'_>) -> Manner<'s> {
        side.session.manner(&side.opening, self.args.quick)
    }

    fn budget(&self) -> Duration {
        let seconds = self
            .args
            .time_budget
            .unwrap_or(self.home.settings.time_budget);
        Duration::from_secs(seconds)
    }

    fn got_slower(&self, base: &Taken, head: &Taken, cases: usize) -> bool {
        let has_samples = |taken: &Taken| {
            let mut passes = taken.case.passes.iter();
            passes.any(|record| record.pass == Pass::Cpu)
        };
        !has_samples(base) && perfkit_compare::got_slower(&head.case, self.policy, cases)
    }

    fn run(
        &self,
        side: &Contestant<'_>,
        taken: Vec<Taken>,
        jobs: &[Job<'_>],
    ) -> anyhow::Result<Run> {
        let cases = side.session.name(taken, jobs)?;
        let types = if plan::reads_types(&self.args.lens) {
            side.session.large_types(jobs)
        } else {
            Vec::new()
        };
        Ok(Run {
            quick: self.args.quick,
            partial: true,
            ..side.session.run(&side.opening, cases, types)
        })
    }

    fn side<'r>(&self, side: &Contestant<'_>, run: &'r Run) -> perfkit_compare::Side<'r> {
        perfkit_compare::Side {
            name: side.source.name.clone(),
            kind: SideKind::Measured,
            run,
        }
    }

    /// Which types of the head's workspace grew.
    fn lint(
        &self,
        base: &Contestant<'_>,
        head: &Contestant<'_>,
        run: &Run,
    ) -> anyhow::Result<Lint> {
        let read = |side: &Contestant<'_>| {
            type_tables::read(&side.session.built.executables, side.session.workspace, 1)
        };
        let tables = (read(base)?, read(head)?);
        let environments = (
            environment::of_types(self.home.rustc, &base.session.built),
            environment::of_types(self.home.rustc, &head.session.built),
        );
        let crates = head.session.workspace.crate_names();
        let mut lint = perfkit_compare::lint::lint(
            Some(&TypeSide {
                name: base.source.name.clone(),
                table: &tables.0,
                environment: &environments.0,
            }),
            &TypeSide {
                name: head.source.name.clone(),
                table: &tables.1,
                environment: &environments.1,
            },
            &Criteria {
                crates: &crates,
                policy: self.policy,
                started: &run.started,
                run: Some(run),
            },
        );
        let definitions = sources::read(head.session.workspace);
        sources::locate(&mut lint, &definitions, head.session.workspace);
        Ok(lint)
    }
}

/// Positions of the cases that are compared with one another.
fn pairs(base: &[Taken], head: &[Taken]) -> Vec<(usize, usize)> {
    let cases = |taken: &[Taken]| -> Vec<Case> {
        let id = |taken: &Taken| Case {
            id: taken.case.id.clone(),
            ..Case::default()
        };
        taken.iter().map(id).collect()
    };
    let (base, head) = (cases(base), cases(head));
    let position =
        |cases: &[Case], wanted: &Case| cases.iter().position(|case| case.id == wanted.id);
    pairing::pair(&base, &head)
        .pairs
        .iter()
        .filter_map(|pair| Some((position(&base, pair.base)?, position(&head, pair.head)?)))
        .collect()
}
