//! Takes the passes of every case and makes a run of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use perfkit_model::lens::Pass;
use perfkit_model::load::MOST_STEPS;
use perfkit_model::part::{Part, Reply};
use perfkit_model::request::{Action, Measure};
use perfkit_model::run::{Case, Outcome, PassRecord};
use perfkit_model::stacks::StacksBuilder;

use crate::build::Executable;
use crate::callgrind;
use crate::child::{self, Answer, Surroundings};
use crate::failure::{Failure, counted};
use crate::interrupt;
use crate::merge;
use crate::parallel;
use crate::plan::{self, Job, Target};
use crate::progress::Steps;
use crate::symbols::Symbols;

/// How to take the passes.
#[derive(Debug)]
pub(crate) struct Manner<'a> {
    /// Shorter passes.
    pub(crate) quick: bool,
    /// Processors to pin to.
    pub(crate) processors: u32,
    /// Environment and time limit of the children.
    pub(crate) surroundings: &'a Surroundings,
    /// Folder for request and reply files.
    pub(crate) work: &'a Path,
    /// Folder for files that a pass writes itself.
    pub(crate) files: &'a Path,
}

/// Asks every bench target for its workloads.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn targets(
    executables: &[Executable],
    surroundings: &Surroundings,
    work: &Path,
) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for executable in executables {
        match child::ask(executable, Action::List, surroundings, work)? {
            Answer::Reply(Reply::Workloads(workloads)) => {
                targets.push(Target {
                    executable: executable.clone(),
                    workloads,
                });
            }
            Answer::Reply(_) => {
                return Err(Failure::new(format!(
                    "{} answered another question",
                    executable.target
                ))
                .into());
            }
            Answer::Failed(outcome) => return Err(cannot_list(executable, outcome).into()),
        }
    }
    Ok(targets)
}

fn cannot_list(executable: &Executable, outcome: Outcome) -> Failure {
    let Outcome::Failed {
        message,
        hint,
        stderr,
    } = outcome
    else {
        return Failure::new(format!(
            "the bench target {} does not list its workloads",
            executable.target
        ));
    };
    let failure = Failure::new(format!(
        "the bench target {} does not list its workloads: {message}",
        executable.target
    ));
    let failure = match stderr.trim() {
        "" => failure,
        said => failure.hint(format!("it said: {said}")),
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What was measured of one case, before addresses have names.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Measurements and records.
    pub(crate) case: Case,
    /// Parts with stacks.
    pub(crate) parts: Vec<Part>,
}

/// Takes these passes of every job. A job that fails is a record in its case and does not stop the others.
pub(crate) fn take_all(jobs: &[Job<'_>], manner: &Manner<'_>) -> anyhow::Result<Vec<Taken>> {
    let mut steps = Steps::new("Measuring", jobs.iter().map(|job| job.passes.len()).sum());
    let mut all = Vec::with_capacity(jobs.len());
    for job in jobs {
        let mut taken = Taken {
            case: Case {
                id: job.id.clone(),
                ..Case::default()
            },
            parts: Vec::new(),
        };
        for (pass, lenses) in &job.passes {
            steps.next(&format!("{}: {}", job.id, pass.as_str()));
            take(job, (*pass, lenses), manner, &mut taken)?;
        }
        all.push(taken);
    }
    steps.finish("Measured", &counted(jobs.len(), "case"));
    Ok(all)
}

/// Takes one more pass of a case.
pub(crate) fn take(
    job: &Job<'_>,
    (pass, lenses): (Pass, &[String]),
    manner: &Manner<'_>,
    taken: &mut Taken,
) -> anyhow::Result<()> {
    let (record, parts) = take_parts(job, pass, lenses, manner)?;
    taken.case.passes.push(record);
    merge::measurements(&mut taken.case, pass, &parts);
    // The processes of one pass measure the same; the stacks of one say it all.
    taken.parts.extend(parts.into_iter().next());
    check_interrupt()
}

/// An error where the user wants to stop.
pub(crate) fn check_interrupt() -> anyhow::Result<()> {
    if interrupt::requested() {
        return Err(Failure::new(
            "interrupted; this run was not stored and no baseline was changed",
        )
        .into());
    }
    Ok(())
}

/// Turns addresses into names, each binary on a thread of its own.
#[tracing::instrument(level = "info", skip_all)]
pub(crate) fn name(taken: Vec<Taken>, jobs: &[Job<'_>], symbols: &Symbols<'_>) -> Vec<Case> {
    let mut by_executable: BTreeMap<&PathBuf, Vec<Unnamed<'_>>> = BTreeMap::new();
    for (index, (job, taken)) in jobs.iter().zip(taken).enumerate() {
        let unnamed = Unnamed {
            index,
            executable: job.executable,
            taken,
        };
        let path = &job.executable.path;
        by_executable.entry(path).or_default().push(unnamed);
    }
    let binaries = by_executable.into_values().collect();
    let named = parallel::map(binaries, |cases| name_cases(cases, symbols));
    let mut named: Vec<(usize, Case)> = named.into_iter().flatten().collect();
    named.sort_by_key(|(index, _)| *index);
    named.into_iter().map(|(_, case)| case).collect()
}

struct Unnamed<'a> {
    index: usize,
    executable: &'a Executable,
    taken: Taken,
}

/// Names the cases of one binary.
fn name_cases(cases: Vec<Unnamed<'_>>, symbols: &Symbols<'_>) -> Vec<(usize, Case)> {
    let Some(first) = cases.first() else {
        return Vec::new();
    };
    let mut namer = symbols.open(first.executable);
    let mut named = Vec::with_capacity(cases.len());
    for unnamed in cases {
        let Taken { mut case, parts } = unnamed.taken;
        let mut builder = StacksBuilder::default();
        for part in &parts {
            namer.begin(part);
            merge::stacks(&mut builder, part, |stack| namer.logical(stack));
        }
        case.stacks = builder.finish();
        merge::locate_tasks(&mut case.stacks);
        case.enums = namer.enums(&case.stacks);
        if let Some(pass) = case.passes.last_mut() {
            pass.notes.extend(namer.problems());
        }
        named.push((unnamed.index, case));
    }
    namer.close();
    named
}

/// The processes of one pass of one job.
#[tracing::instrument(level = "info", skip_all)]
fn take_parts(
    job: &Job<'_>,
    pass: Pass,
    lenses: &[String],
    manner: &Manner<'_>,
) -> anyhow::Result<(PassRecord, Vec<Part>)> {
    let started = Instant::now();
    let mut measure = plan::measure(job, pass, lenses, manner.quick, manner.processors);
    let mut notes = refine(job, pass, &mut measure, manner);
    let mut parts = Vec::new();
    let mut outcome = unfit(job, pass, lenses).unwrap_or(Outcome::Measured);
    // Two processes count: what varies from process to process (addresses, ports, timing) is then seen as such,
    // and does not pose as exact.
    for _ in 0..if pass == Pass::Count { 2 } else { 1 } {
        if outcome != Outcome::Measured {
            break;
        }
        let surroundings = lengthened(manner.surroundings, &measure);
        match child::ask(
            job.executable,
            Action::Measure(measure.clone()),
            &surroundings,
            manner.work,
        )? {
            Answer::Reply(Reply::Part(part)) => parts.push(*part),
            Answer::Reply(_) => outcome = another_question(),
            Answer::Failed(failed) => outcome = failed,
        }
    }
    if outcome != Outcome::Measured {
        parts.clear();
    }
    for part in &parts {
        notes.extend(part.notes.iter().cloned());
        if part.truncated > 0 {
            notes.push(format!(
                "{} stacks were deeper than the walker goes and lost their root",
                part.truncated
            ));
        }
    }
    notes.extend(parts.first().and_then(sampling_note));
    notes.sort();
    notes.dedup();
    let iterations = parts.iter().map(|part| part.iterations.len() as u32).sum();
    Ok((
        PassRecord {
            pass,
            seconds: started.elapsed().as_secs_f64(),
            iterations,
            outcome,
            notes,
        },
        parts,
    ))
}

/// What a child says that did not understand.
pub(crate) fn another_question() -> Outcome {
    Outcome::Failed {
        message: "the bench target answered another question".to_owned(),
        hint: None,
        stderr: String::new(),
    }
}

/// Last settings of a request, and remarks about what it will not see.
fn refine(job: &Job<'_>, pass: Pass, measure: &mut Measure, manner: &Manner<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if pass == Pass::Dhat {
        let file = manner
            .files
            .join(format!("dhat-{}.json", crate::store::file_name(&job.id)));
        notes.push(format!("open {} in DHAT's viewer", file.display()));
        measure.dhat = Some(file);
    }
    if pass == Pass::Count && job.executable.opt_level == "s" {
        notes.push("at opt-level=s more copies are inlined and go unseen".to_owned());
    }
    if pass == Pass::Count && job.executable.opt_level == "z" {
        measure.lenses.retain(|lens| lens != "memcpy");
        notes.push(
            "not available: memcpy; at opt-level=z every copy is inlined as `rep movs` and none is a call. \
             Measure at another `opt-level`"
                .to_owned(),
        );
    }
    notes
}

/// A pass that cannot see anything in this build or on this machine.
fn unfit(job: &Job<'_>, pass: Pass, lenses: &[String]) -> Option<Outcome> {
    let reason = match pass {
        Pass::Count if job.executable.opt_level == "z" && lenses == ["memcpy"] => {
            "at opt-level=z every copy is inlined as `rep movs` and none is a call"
        }
        Pass::Instructions if callgrind::version().is_none() => callgrind::NOT_INSTALLED,
        _ => return None,
    };
    Some(Outcome::NotAvailable {
        reason: reason.to_owned(),
    })
}

/// callgrind takes some 50 times as long as the processor. A pass takes two iterations under it where the count pass
/// takes six, and most workloads are far from the limit.
const SLOWER: u32 = 10;

/// The limit is for what the workload takes; what perfkit asks for on top of it is added.
fn lengthened(surroundings: &Surroundings, measure: &Measure) -> Surroundings {
    let limit = match measure.pass {
        Pass::Instructions => surroundings.time_limit.saturating_mul(SLOWER),
        _ => surroundings.time_limit,
    };
    let budget = Duration::from_millis(measure.budget_milliseconds);
    let budget = match measure.pass {
        // The budget is that of one step.
        Pass::Load => budget * MOST_STEPS,
        _ => budget,
    };
    Surroundings {
        time_limit: limit + budget,
        ..surroundings.clone()
    }
}

fn sampling_note(part: &Part) -> Option<String> {
    let captured = part.totals.get("cpu.samples")?;
    let (user, system) = part.cpu_seconds;
    Some(format!(
        "{captured} of {} expected samples; {:.0} % of the CPU time was system time",
        part.expected_samples,
        100.0 * system / (user + system).max(f64::EPSILON)
    ))
}
