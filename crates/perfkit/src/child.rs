//! The child side of every pass: reads the request file, measures, writes the reply file.
//!
//! Nothing is ever said on stdout: workloads print there, and a stray line must not break a measurement.

use std::any::Any;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use perfkit_hooks::os;
use perfkit_model::PROTOCOL;
use perfkit_model::lens::Pass;
use perfkit_model::part::{Module, Part, Refusal, RefusalKind, Reply};
use perfkit_model::request::{Action, Measure, Request};

use crate::bench::{Bench, Declared};
use crate::case::Case;
use crate::drive::Failure;
use crate::passes::{self, Meter};
use crate::start::Origin;

/// Exit code of a child that could not even answer.
pub(crate) const NO_ANSWER: u8 = 102;

/// Answers the request in this file.
pub(crate) fn answer(request: &Path, bench: &Bench, origin: &Origin) -> ExitCode {
    // Both are best effort: where the system refuses, stacks are keyed by module offset all the same.
    drop(os::end_with_parent());
    if is_orphan() {
        return ExitCode::from(NO_ANSWER);
    }
    drop(os::restart_with_fixed_layout());
    let request = match read(request) {
        Ok(request) => request,
        Err(error) => return complain(&error),
    };
    let reply = match &request.action {
        Action::List => list(bench),
        Action::Measure(measure) => {
            catch_unwind(AssertUnwindSafe(|| measured(bench, origin, measure))).unwrap_or_else(
                |panic| Reply::Refused(refusal(RefusalKind::Panicked, said(&*panic))),
            )
        }
    };
    match write(&request.reply, &reply) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

/// Whether the command was killed before this process could ask to end with it.
pub(crate) fn is_orphan() -> bool {
    let parent = std::env::var("PERFKIT_PARENT")
        .ok()
        .and_then(|id| id.parse::<u32>().ok());
    parent.is_some_and(|parent| parent != std::os::unix::process::parent_id())
}

#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("failed to read the request {}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("failed to understand the request {}", path.display())]
    Understand {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(
        "the command speaks protocol {theirs}, this bench target was built with perfkit {} which speaks {PROTOCOL}",
        env!("CARGO_PKG_VERSION")
    )]
    Protocol { theirs: u64 },
    #[error("failed to write the reply {}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}

#[expect(
    clippy::print_stderr,
    reason = "a child without a reply has no other way to say why"
)]
fn complain(error: &ExchangeError) -> ExitCode {
    let cause = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    eprintln!("perfkit: {error}{cause}");
    if let ExchangeError::Protocol { .. } = error {
        eprintln!(
            "hint: bring both to one version: `cargo update -p perfkit` and `cargo install cargo-perfkit`"
        );
    }
    ExitCode::from(NO_ANSWER)
}

fn read(path: &Path) -> Result<Request, ExchangeError> {
    let text = fs::read(path).map_err(|source| ExchangeError::Read {
        path: path.to_owned(),
        source,
    })?;
    let understand = |source| ExchangeError::Understand {
        path: path.to_owned(),
        source,
    };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(understand)?;
    // The version is looked at before the rest, which another version may spell differently.
    let theirs = value
        .get("protocol")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default();
    if theirs != u64::from(PROTOCOL) {
        return Err(ExchangeError::Protocol { theirs });
    }
    serde_json::from_value(value).map_err(understand)
}

/// Writes beside the reply and renames, so that a killed child leaves no half answer.
fn write(path: &Path, reply: &Reply) -> Result<(), ExchangeError> {
    let failed = |source| ExchangeError::Write {
        path: path.to_owned(),
        source,
    };
    let beside = path.with_extension("partial");
    let file = fs::File::create(&beside).map_err(failed)?;
    let mut writer = std::io::BufWriter::new(file);
    serde_json::to_writer(&mut writer, reply).map_err(|error| failed(error.into()))?;
    writer.flush().map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}

fn list(bench: &Bench) -> Reply {
    let mut names = std::collections::BTreeSet::new();
    for declared in &bench.declared {
        if !names.insert(declared.declaration.name.as_str()) {
            return Reply::Refused(Refusal {
                hint: Some("give every workload of a bench target its own name".to_owned()),
                ..refusal(
                    RefusalKind::Invalid,
                    format!("two workloads are called `{}`", declared.declaration.name),
                )
            });
        }
    }
    Reply::Workloads(
        bench
            .declared
            .iter()
            .map(|declared| declared.declaration.clone())
            .collect(),
    )
}

fn measured(bench: &Bench, origin: &Origin, measure: &Measure) -> Reply {
    match measure_one(bench, origin, measure) {
        Ok(part) => Reply::Part(Box::new(part)),
        Err(refusal) => Reply::Refused(refusal),
    }
}

fn measure_one(bench: &Bench, origin: &Origin, measure: &Measure) -> Result<Part, Refusal> {
    let declared = find(bench, &measure.workload)?;
    let case = Case {
        variant: measure.variant.clone(),
        arg: measure.arg,
        runtime: measure
            .runtime
            .parse()
            .map_err(|error: crate::case::UnknownRuntime| {
                refusal(RefusalKind::Invalid, error.to_string())
            })?,
        seed: measure.seed,
    };
    perfkit_hooks::random::seed_randomness(measure.seed);
    let mut part = Part {
        allocator: origin.allocator.to_owned(),
        ..Part::default()
    };
    if measure.processors > 0
        && let Err(error) = os::pin_to_cpus(measure.processors as usize)
    {
        part.notes
            .push(format!("the processor affinity could not be set: {error}"));
    }
    if measure.pass == Pass::Load {
        let load = declared.load.as_ref().ok_or_else(|| {
            let message = "this workload declares no load".to_owned();
            refusal(RefusalKind::NotAvailable, message)
        })?;
        let duration = Duration::from_millis(measure.budget_milliseconds);
        part.load = load(&case, duration).map_err(refused)?;
        return Ok(part);
    }
    let mut meter = meter(measure, &case)?;
    let units = (declared.drive)(&case, measure.warm_up, meter.as_mut()).map_err(refused)?;
    meter.fill(&mut part).map_err(refused)?;
    part.units = perfkit_model::run::Units {
        items: units.items,
        bytes: units.bytes,
    };
    part.modules = perfkit_hooks::modules::modules()
        .into_iter()
        .map(|module| Module {
            path: module.path.to_string_lossy().into_owned(),
            build_id: module.build_id,
            bias: module.bias as u64,
            start: module.start as u64,
            end: module.end as u64,
        })
        .collect();
    part.known_functions = perfkit_hooks::modules::known_functions()
        .into_iter()
        .map(|(name, address)| (name.to_owned(), address as u64))
        .collect();
    Ok(part)
}

fn find<'bench>(bench: &'bench Bench, workload: &str) -> Result<&'bench Declared, Refusal> {
    bench
        .declared
        .iter()
        .find(|declared| declared.declaration.name == workload)
        .ok_or_else(|| {
            refusal(
                RefusalKind::Invalid,
                format!("this bench target declares no workload `{workload}`"),
            )
        })
}

fn refused(failure: Failure) -> Refusal {
    let kind = match failure {
        Failure::WrongResult { .. } => RefusalKind::WrongResult,
        Failure::Runtime { .. } | Failure::Load { .. } => RefusalKind::Invalid,
        Failure::NotAvailable { .. } => RefusalKind::NotAvailable,
    };
    refusal(kind, failure.to_string())
}

fn meter(measure: &Measure, case: &Case) -> Result<Box<dyn Meter>, Refusal> {
    match measure.pass {
        Pass::Time => Ok(Box::new(passes::time::Time::new(measure))),
        Pass::Count => Ok(Box::new(passes::count::Count::new(measure))),
        #[cfg(feature = "cpu")]
        Pass::Cpu => Ok(Box::new(passes::cpu::Cpu::new(measure))),
        #[cfg(feature = "dhat")]
        Pass::Dhat => Ok(Box::new(passes::dhat::Dhat::new(measure))),
        Pass::Instructions => {
            let instructions = passes::instructions::Instructions::new(measure, case.runtime);
            Ok(Box::new(instructions.map_err(refused)?))
        }
        Pass::Load => Err(refusal(
            RefusalKind::Invalid,
            "a load has no iterations".to_owned(),
        )),
        #[cfg(feature = "stages")]
        Pass::Stages => {
            let stages = passes::stages::Stages::new(measure);
            Ok(Box::new(stages.map_err(refused)?))
        }
        #[cfg(not(all(feature = "cpu", feature = "dhat", feature = "stages")))]
        pass => Err(Refusal {
            hint: Some(format!("build with `--features perfkit/{}`", pass.as_str())),
            ..refusal(
                RefusalKind::NotAvailable,
                format!(
                    "this bench target was built without the {} pass",
                    pass.as_str()
                ),
            )
        }),
    }
}

fn refusal(kind: RefusalKind, message: String) -> Refusal {
    Refusal {
        kind,
        message,
        hint: None,
    }
}

/// The text of a panic, where it has one.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    match text {
        Some(text) => format!("the workload panicked: {text}"),
        None => "the workload panicked".to_owned(),
    }
}
