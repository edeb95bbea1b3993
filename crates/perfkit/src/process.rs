//! Other processes of a workload: a client, a store, workers. The measured process is the one whose costs are asked for, and
//! what it talks to must not be counted with it.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;

use perfkit_hooks::os;
use perfkit_model::request::REQUEST_VARIABLE;

use crate::bench::Bench;
use crate::child::{NO_ANSWER, is_orphan};

/// Tells this program which of its declared processes it is.
const PROCESS_VARIABLE: &str = "PERFKIT_PROCESS";

/// Processes that run, by their ids.
static RUNNING: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

/// What a declared process does. It ends when this returns.
pub(crate) type Body = Box<dyn Fn(UnixStream)>;

/// Another process of a workload, which runs while this value lives.
///
/// It is the bench target started once more, as what [`Bench::process`] declares under a name. No lens looks into it; the
/// `time` pass tells how busy it is, and so which of a workload's processes holds up the others. It is killed when this
/// value is dropped, and when the thread that started it ends: start it in the set-up of a workload.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use perfkit::{Bench, Case, Process, Units};
///
/// perfkit::main!(echoes);
///
/// fn echoes(bench: &mut Bench) {
///     bench.process("echo", |mut link| {
///         let mut byte = [0];
///         while link.read_exact(&mut byte).and_then(|()| link.write_all(&byte)).is_ok() {}
///     });
///     bench
///         .workload("echoes")
///         .set_up(async |_: &Case| Process::start("echo").expect("a process can be started"))
///         .iterate(async |echo| {
///             let mut link = echo.link();
///             link.write_all(b"x").and_then(|()| link.read_exact(&mut [0]))
///         })
///         .check(|_, done| done.as_ref().map_err(ToString::to_string).copied());
/// }
/// ```
#[derive(Debug)]
pub struct Process {
    child: Child,
    link: UnixStream,
}

impl Process {
    /// Starts the process that is declared under this name.
    ///
    /// # Errors
    ///
    /// When the system starts none. A name that nothing is declared under shows as an end of the link.
    pub fn start(name: &str) -> io::Result<Self> {
        let (link, theirs) = UnixStream::pair()?;
        let child = Command::new(std::env::current_exe()?)
            .env_remove(REQUEST_VARIABLE)
            .env(PROCESS_VARIABLE, name)
            .env("PERFKIT_PARENT", std::process::id().to_string())
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()?;
        if let Ok(mut running) = RUNNING.lock() {
            running.insert(child.id(), name.to_owned());
        }
        Ok(Self { child, link })
    }

    /// This side's end of a stream in both directions; the other end is what the process is given. It blocks until
    /// [`UnixStream::set_nonblocking`] says otherwise: tokio's `UnixStream::from_std` takes a [clone](UnixStream::try_clone)
    /// of it then.
    #[must_use]
    pub fn link(&self) -> &UnixStream {
        &self.link
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(mut running) = RUNNING.lock() {
            running.remove(&self.child.id());
        }
        // It may have ended by itself, and there is nobody to tell.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ids and names of the processes that run.
pub(crate) fn running() -> Vec<(u32, String)> {
    let running = RUNNING.lock();
    running.map_or_else(
        |_| Vec::new(),
        |running| {
            running
                .iter()
                .map(|(id, name)| (*id, name.clone()))
                .collect()
        },
    )
}

/// Is a declared process, where this program was started as one.
pub(crate) fn run(bench: &Bench) -> Option<ExitCode> {
    let name = std::env::var(PROCESS_VARIABLE).ok()?;
    // Best effort: the end of the link says the same.
    drop(os::end_with_parent());
    if is_orphan() {
        return Some(ExitCode::from(NO_ANSWER));
    }
    let link = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from);
    let body = bench
        .processes
        .iter()
        .find(|(declared, _)| *declared == name);
    let (Some((_, body)), Ok(link)) = (body, link) else {
        return Some(ExitCode::from(NO_ANSWER));
    };
    body(link);
    Some(ExitCode::SUCCESS)
}
