//! Which passes of which cases to take, and how long each is.

use std::collections::BTreeSet;

use perfkit_model::lens::{LENSES, Lens, Pass};
use perfkit_model::part::Declaration;
use perfkit_model::request::Measure;
use perfkit_model::run::CaseId;

use crate::build::Executable;
use crate::failure::{Failure, nearest};
use crate::workspace::unknown;

/// A bench target with the workloads it declares.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The binary.
    pub(crate) executable: Executable,
    /// What it declares.
    pub(crate) workloads: Vec<Declaration>,
}

/// One case to measure.
#[derive(Debug, Clone)]
pub(crate) struct Job<'a> {
    /// The binary.
    pub(crate) executable: &'a Executable,
    /// What to call it.
    pub(crate) id: CaseId,
    /// Seed of its input.
    pub(crate) seed: u64,
    /// Passes, in the order to take them, each with its lenses.
    pub(crate) passes: Vec<(Pass, Vec<String>)>,
}

/// What the command line chose of what there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// Words that names contain; none for all.
    pub(crate) filters: &'a [String],
    /// Whether workloads on request are meant without a filter, too.
    pub(crate) on_request: bool,
    /// Variants; none for each workload's first.
    pub(crate) variants: &'a [String],
    /// Ids of lenses; none for those that are on by default.
    pub(crate) lenses: &'a [String],
    /// The runtime; none for those that each workload declares.
    pub(crate) runtime: Option<&'a str>,
}

/// Whether types are to be read from the binaries.
pub(crate) fn reads_types(lenses: &[String]) -> bool {
    LENSES
        .iter()
        .any(|lens| lens.pass.is_none() && wants(lenses, lens))
}

fn wants(lenses: &[String], lens: &Lens) -> bool {
    if lenses.is_empty() {
        lens.default
    } else {
        lenses.iter().any(|wanted| wanted == lens.id)
    }
}

/// The lenses asked for, by pass.
pub(crate) fn passes(lenses: &[String]) -> Result<Vec<(Pass, Vec<String>)>, Failure> {
    for wanted in lenses {
        if !LENSES.iter().any(|lens| lens.id == wanted) {
            return Err(unknown("lens", wanted, LENSES.iter().map(|lens| lens.id)));
        }
    }
    let of = |pass: Pass| -> Vec<String> {
        LENSES
            .iter()
            .filter(|lens| lens.pass == Some(pass) && wants(lenses, lens))
            .map(|lens| lens.id.to_owned())
            .collect()
    };
    Ok(Pass::ALL
        .into_iter()
        .map(|pass| (pass, of(pass)))
        .filter(|(_, lenses)| !lenses.is_empty())
        .collect())
}

/// Every case that the filters and variants choose.
pub(crate) fn jobs<'a>(
    targets: &'a [Target],
    choice: &Choice<'_>,
) -> Result<Vec<Job<'a>>, Failure> {
    let passes = passes(choice.lenses)?;
    let mut chosen = select(targets, choice.filters)?;
    if choice.filters.is_empty() && !choice.on_request {
        let all = chosen.len();
        chosen.retain(|(_, workload)| !workload.on_request);
        if chosen.is_empty() && all > 0 {
            return Err(Failure::usage("all workloads are on request")
                .hint("name one, or run all of them with `--workspace`"));
        }
    }
    let known: BTreeSet<&str> = chosen
        .iter()
        .flat_map(|(_, workload)| workload.variants.iter().map(String::as_str))
        .collect();
    for wanted in choice.variants.iter().filter(|wanted| *wanted != "all") {
        if !known.contains(wanted.as_str()) {
            return Err(unknown("variant", wanted, known.iter().copied()));
        }
    }
    let mut jobs = Vec::new();
    let mut loadless = 0;
    for (executable, workload) in chosen {
        let asked: Vec<String> = choice
            .runtime
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let runtimes = if asked.is_empty() {
            &workload.runtimes
        } else {
            &asked
        };
        for runtime in runtimes {
            for arg in options(&workload.args) {
                for variant in variants(workload, choice.variants) {
                    let id = CaseId {
                        package: executable.package.clone(),
                        target: executable.target.clone(),
                        workload: workload.name.clone(),
                        arg,
                        runtime: runtime.clone(),
                        variant,
                    };
                    let mut passes = passes.clone();
                    passes.retain(|(pass, _)| *pass != Pass::Load || workload.load.is_some());
                    if passes.is_empty() && !choice.lenses.is_empty() && !reads_types(choice.lenses)
                    {
                        loadless += 1;
                        continue;
                    }
                    jobs.push(Job {
                        executable,
                        id,
                        seed: workload.seed,
                        passes,
                    });
                }
            }
        }
    }
    if jobs.is_empty() && loadless > 0 {
        return Err(Failure::usage("no chosen workload declares a load").hint(
            "a workload declares one with `.load(…)` between `.iterate(…)` and `.check(…)`",
        ));
    }
    if jobs.is_empty() {
        return Err(Failure::usage(format!(
            "no chosen workload has the variant `{}`",
            choice.variants.join("`, `")
        ))
        .hint("`cargo perfkit list` shows the variants of each workload"));
    }
    Ok(jobs)
}

/// Workloads that are on request and that nobody requested.
pub(crate) fn left_out(targets: &[Target], choice: &Choice<'_>) -> Vec<String> {
    let workloads = targets.iter().flat_map(|target| &target.workloads);
    workloads
        .filter(|workload| workload.on_request && choice.filters.is_empty() && !choice.on_request)
        .map(|workload| workload.name.clone())
        .collect()
}

/// Workloads whose name, target or package contains one of the filters. A filter that fits nothing is an error.
pub(crate) fn select<'a>(
    targets: &'a [Target],
    filters: &[String],
) -> Result<Vec<(&'a Executable, &'a Declaration)>, Failure> {
    let all: Vec<_> = targets
        .iter()
        .flat_map(|target| {
            target
                .workloads
                .iter()
                .map(|workload| (&target.executable, workload))
        })
        .collect();
    if all.is_empty() {
        return Err(Failure::usage("the bench targets declare no workloads")
            .hint("a workload is declared by `bench.workload(…)` and ends with `.check(…)`"));
    }
    let fits = |filter: &String, (executable, workload): &(&Executable, &Declaration)| {
        [&workload.name, &executable.target, &executable.package]
            .into_iter()
            .any(|name| name.contains(filter.as_str()))
    };
    for filter in filters {
        if !all.iter().any(|candidate| fits(filter, candidate)) {
            let names = || all.iter().map(|(_, workload)| workload.name.as_str());
            let failure = Failure::usage(format!("no workload fits `{filter}`"));
            return Err(match nearest(filter, names()) {
                Some(name) => failure.hint(format!("did you mean `{name}`?")),
                None => failure.hint(format!(
                    "there are: {}",
                    names().collect::<Vec<_>>().join(", ")
                )),
            });
        }
    }
    // As in `cargo test NAME --exact`: who types a whole name wants that one and not its longer siblings.
    let exact = |candidate: &(&Executable, &Declaration)| filters.contains(&candidate.1.name);
    let only_exact = !filters.is_empty()
        && filters
            .iter()
            .all(|filter| all.iter().any(|(_, workload)| workload.name == *filter));
    Ok(all
        .iter()
        .copied()
        .filter(|candidate| {
            filters.is_empty()
                || if only_exact {
                    exact(candidate)
                } else {
                    filters.iter().any(|filter| fits(filter, candidate))
                }
        })
        .collect())
}

fn options(args: &[u64]) -> Vec<Option<u64>> {
    if args.is_empty() {
        vec![None]
    } else {
        args.iter().copied().map(Some).collect()
    }
}

fn variants(workload: &Declaration, wanted: &[String]) -> Vec<Option<String>> {
    if wanted.is_empty() || workload.variants.is_empty() {
        return vec![workload.variants.first().cloned()];
    }
    let all = wanted.iter().any(|wanted| wanted == "all");
    workload
        .variants
        .iter()
        .filter(|variant| all || wanted.contains(variant))
        .cloned()
        .map(Some)
        .collect()
}

/// The length of a pass.
///
/// Exact counts need few iterations: they agree or they do not. The cpu pass wants a thousand samples, which
/// bound the error of a share to about three points; quick runs take a third of that. Instructions nearly repeat: a
/// second iteration shows by how much.
pub(crate) fn measure(
    job: &Job<'_>,
    pass: Pass,
    lenses: &[String],
    quick: bool,
    processors: u32,
) -> Measure {
    let (iterations, budget_milliseconds) = match (pass, quick) {
        (Pass::Time, false) => (5, 1_500),
        (Pass::Time, true) => (3, 300),
        (Pass::Count, false) => (5, 0),
        (Pass::Count, true) => (3, 0),
        (Pass::Cpu, false) => (1, 8_000),
        (Pass::Cpu, true) => (1, 1_500),
        (Pass::Dhat, _) => (1, 0),
        (Pass::Instructions, _) => (2, 0),
        // The length of one step.
        (Pass::Load, false) => (0, 1_500),
        (Pass::Load, true) => (0, 500),
        (Pass::Stages, false) => (3, 1_500),
        (Pass::Stages, true) => (2, 300),
    };
    Measure {
        workload: job.id.workload.clone(),
        arg: job.id.arg,
        variant: job.id.variant.clone(),
        runtime: job.id.runtime.clone(),
        pass,
        lenses: lenses.to_vec(),
        seed: job.seed,
        // The second iteration still grows some buffers, by a few tenths of a percent of its instructions.
        warm_up: match pass {
            Pass::Time | Pass::Instructions => 2,
            Pass::Count | Pass::Cpu | Pass::Dhat | Pass::Load | Pass::Stages => 1,
        },
        iterations,
        budget_milliseconds,
        frequency: 199,
        samples: if quick { 300 } else { 1_000 },
        processors,
        dhat: None,
        turns: None,
    }
}

/// Milliseconds of iterations that one process of an interleaved session takes, where three take less.
const SAMPLE_MILLISECONDS: u64 = 20;

/// One process of an interleaved session: short, because processes differ by more than their iterations do.
///
/// What needs one processor gets one, and always the same: on different ones the processes of a round would have different
/// neighbours, which made equal programs differ by up to half.
pub(crate) fn sample(job: &Job<'_>, processors: u32) -> Measure {
    let processors = match processors {
        0 if job.id.runtime == "current_thread" => 1,
        chosen => chosen,
    };
    Measure {
        warm_up: 1,
        iterations: 3,
        budget_milliseconds: SAMPLE_MILLISECONDS,
        ..measure(job, Pass::Time, &["time".to_owned()], true, processors)
    }
}
