//! One child process: spawned in a process group of its own, with a fixed environment and a time limit.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use perfkit_model::PROTOCOL;
use perfkit_model::lens::Pass;
use perfkit_model::part::{RefusalKind, Reply};
use perfkit_model::request::{Action, REQUEST_VARIABLE, Request};
use perfkit_model::run::Outcome;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::build::Executable;
use crate::callgrind;
use crate::failure::Failure;
use crate::interrupt;

/// The end of stderr that is kept; a workload may print without end.
const KEPT_STDERR: usize = 16 * 1024;
/// How often a running child is looked at.
const TICK: Duration = Duration::from_millis(5);
/// How long to wait for the last of stderr after the child is gone: somebody it left behind may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Exit code of a Rust program that panics.
const PANICKED: i32 = 101;
/// Exit code of a child of ours that could not even answer.
const NO_ANSWER: i32 = 102;

/// What a child is given beside its request.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// Environment variables.
    pub(crate) variables: BTreeMap<String, String>,
    /// After which the child is ended.
    pub(crate) time_limit: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A reply file.
    Reply(Reply),
    /// None, and why.
    Failed(Outcome),
}

/// Sends a request to a bench binary and waits for the reply.
pub(crate) fn ask(
    executable: &Executable,
    action: Action,
    surroundings: &Surroundings,
    folder: &Path,
) -> anyhow::Result<Answer> {
    let work = tempfile::Builder::new()
        .prefix("pass-")
        .tempdir_in(folder)
        .with_context(|| format!("failed to create a folder in {}", folder.display()))?;
    let request = Request {
        protocol: PROTOCOL,
        reply: work.path().join("reply.json"),
        action,
    };
    let request_file = work.path().join("request.json");
    std::fs::write(&request_file, serde_json::to_vec(&request)?)
        .with_context(|| format!("failed to write {}", request_file.display()))?;

    let pass = match &request.action {
        Action::Measure(measure) => Some(measure.pass),
        Action::List => None,
    };
    let mut command = match pass {
        Some(Pass::Instructions) => callgrind::command(&executable.path, work.path()),
        _ => Command::new(&executable.path),
    };
    command
        .env_clear()
        .envs(&surroundings.variables)
        .env(REQUEST_VARIABLE, &request_file)
        // Of one length, as the size of the environment moves the stack.
        .env("PERFKIT_PARENT", format!("{:010}", std::process::id()))
        .env("CARGO_MANIFEST_DIR", &executable.folder)
        .current_dir(&executable.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    if let Action::Measure(measure) = &request.action {
        command.env("PERFKIT_SEED", measure.seed.to_string());
        if measure.pass == Pass::Dhat {
            command.env("PERFKIT_ALLOCATOR", "alternate");
        }
    }
    let (ended, stderr) = run(command, surroundings.time_limit)?;
    match std::fs::read(&request.reply) {
        Ok(text) if ended == Ended::ByItself(0) => {
            let mut reply =
                serde_json::from_slice(&text).context("failed to understand the child's reply")?;
            if let (Some(Pass::Instructions), Reply::Part(part)) = (pass, &mut reply)
                && let Err(error) = callgrind::complete(part, work.path())
            {
                return Ok(Answer::Failed(Outcome::Failed {
                    message: format!("{error:#}"),
                    hint: None,
                    stderr,
                }));
            }
            Ok(answer(reply, stderr))
        }
        _ => Ok(Answer::Failed(failed(
            ended,
            surroundings.time_limit,
            stderr,
        ))),
    }
}

fn answer(reply: Reply, stderr: String) -> Answer {
    let Reply::Refused(refusal) = reply else {
        return Answer::Reply(reply);
    };
    if refusal.kind == RefusalKind::NotAvailable {
        return Answer::Failed(Outcome::NotAvailable {
            reason: refusal.message,
        });
    }
    let hint = refusal.hint.or_else(|| match refusal.kind {
        RefusalKind::Panicked => Some("the panic's place is in its stderr below".to_owned()),
        RefusalKind::WrongResult => {
            Some("a number measured on a wrong answer is worth nothing: mend the workload or its check first".to_owned())
        }
        RefusalKind::Invalid | RefusalKind::NotAvailable => None,
    });
    Answer::Failed(Outcome::Failed {
        message: refusal.message,
        hint,
        stderr,
    })
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ended {
    ByItself(i32),
    BySignal(i32),
    OutOfTime,
    Interrupted,
}

fn run(mut command: Command, time_limit: Duration) -> anyhow::Result<(Ended, String)> {
    tracing::debug!(?command, "spawning");
    let mut child = command.spawn().with_context(|| {
        Failure::new(format!(
            "failed to start {}",
            command.get_program().display()
        ))
        .hint("something removed or replaced it since it was built; run the command again")
    })?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let watched = interrupt::watch(group);
    let (sender, receiver) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || sender.send(tail(stderr)));
    }
    let started = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait().context("failed to wait for a child")? {
            break ended(status);
        }
        let out_of_time = started.elapsed() > time_limit;
        if out_of_time || interrupt::requested() {
            end(group);
            child.wait().context("failed to wait for a child")?;
            break if out_of_time {
                Ended::OutOfTime
            } else {
                Ended::Interrupted
            };
        }
        std::thread::sleep(TICK);
    };
    drop(watched);
    // Whatever the workload started goes with it.
    end(group);
    let stderr = receiver.recv_timeout(LAST_WORDS).unwrap_or_default();
    Ok((
        if interrupt::requested() {
            Ended::Interrupted
        } else {
            ended
        },
        stderr,
    ))
}

fn end(group: Option<Pid>) {
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        // The usual case: nobody is left.
        tracing::trace!("no process group to end: {error}");
    }
}

fn ended(status: ExitStatus) -> Ended {
    status
        .code()
        .map(Ended::ByItself)
        .or_else(|| status.signal().map(Ended::BySignal))
        .unwrap_or(Ended::ByItself(-1))
}

/// Reads to the end and keeps the last part.
fn tail(mut stream: impl Read) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 8 * 1024];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * KEPT_STDERR {
            kept.drain(..kept.len() - KEPT_STDERR);
        }
    }
    let start = kept.len().saturating_sub(KEPT_STDERR);
    String::from_utf8_lossy(&kept[start..]).into_owned()
}

fn failed(ended: Ended, time_limit: Duration, stderr: String) -> Outcome {
    let (message, hint) = match ended {
        Ended::ByItself(0) => (
            "the process ended before its measurement was done".to_owned(),
            "the workload must not call `std::process::exit`",
        ),
        Ended::ByItself(PANICKED) => (
            "the process panicked outside of a workload".to_owned(),
            "its stderr names the place",
        ),
        Ended::ByItself(NO_ANSWER) => (
            "the process could not read its request or write its answer".to_owned(),
            "its stderr says why; a full disk is the usual cause",
        ),
        Ended::ByItself(code) => (
            format!("the process exited with code {code} before its measurement was done"),
            "the workload must not call `std::process::exit`",
        ),
        Ended::BySignal(signal) => (
            format!(
                "the process was ended by signal {signal} ({})",
                signal_name(signal)
            ),
            match signal {
                4 => {
                    "an instruction that the processor, or valgrind in the instructions pass, does not know: `target-cpu=native` is the usual cause"
                }
                6 => "after a stack overflow its stderr says so; else somebody called `abort`",
                9 => "often this means that memory ran out",
                _ => "a debugger shows the place; unsafe code and C libraries are the usual causes",
            },
        ),
        Ended::OutOfTime => (
            format!(
                "no answer within {} s, so it was ended",
                time_limit.as_secs()
            ),
            "if it only needs longer, raise `time-limit` in perfkit.toml; if it hangs, a task waits for something that never comes",
        ),
        Ended::Interrupted => ("interrupted".to_owned(), "run it again"),
    };
    Outcome::Failed {
        message,
        hint: Some(hint.to_owned()),
        stderr,
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        27 => "SIGPROF",
        _ => "see `kill -l`",
    }
}
