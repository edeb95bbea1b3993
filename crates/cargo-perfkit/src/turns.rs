//! Processes that run at the same time and take turns: while one iterates, the others wait.
//!
//! What disturbs a machine often lasts for tenths of a second, longer than a process that measures for a moment: neighbours
//! on the same core, other programs, the clock of the processor. Processes that ran one after the other would each meet
//! another machine. In turns of a few milliseconds they meet the same one. Iterations in turn, in one pair of processes, are
//! what tango (<https://github.com/bazhenov/tango>) does; here a round is a set of fresh processes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use perfkit_model::part::{Part, Reply};
use perfkit_model::request::{Action, Measure, Turns};
use perfkit_model::run::Outcome;

use crate::build::Executable;
use crate::child::{self, Answer, Surroundings};

/// Length of a turn of short iterations. A process that was away finds its caches cold, and the fastest of several
/// iterations is one that found them warm.
const TURN_MILLISECONDS: u64 = 5;
/// Turns that each process has: of an odd number one is in the middle.
const TURNS: u32 = 3;
/// More turns until the round took so long: ten of each of three processes.
const LEAST: Duration = Duration::from_millis(150);
/// Fewer turns where the round takes longer, and no fewer than two.
const MOST: Duration = Duration::from_millis(1_500);

/// How often to look whether all processes are ready.
const TICK: Duration = Duration::from_millis(1);

/// The byte that gives a turn.
const GO: u8 = b'>';

/// A process that is to take turns.
#[derive(Debug)]
pub(crate) struct Entrant<'a> {
    pub(crate) executable: &'a Executable,
    pub(crate) request: Measure,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) work: &'a Path,
}

/// Runs these processes in turns, as many of each. `Err` with the reason where they do not run at the same time.
pub(crate) fn take<const N: usize>(
    entrants: [Entrant<'_>; N],
) -> anyhow::Result<Result<[Part; N], String>> {
    // Not in the folder of the pass: the path of a socket has to be short.
    let folder = tempfile::Builder::new()
        .prefix("perfkit-")
        .tempdir()
        .context("failed to create a temporary folder")?;
    let socket = folder.path().join("turns");
    let listener = UnixListener::bind(&socket)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .with_context(|| format!("failed to listen on {}", socket.display()))?;
    let answers: Vec<anyhow::Result<Answer>> = std::thread::scope(|scope| {
        let mut asked = Vec::with_capacity(N);
        for (seat, entrant) in entrants.into_iter().enumerate() {
            let turns = Turns {
                socket: socket.clone(),
                seat: seat as u8,
                milliseconds: TURN_MILLISECONDS,
            };
            asked.push(scope.spawn(move || ask(entrant, turns, N as u32)));
        }
        // Who ends without taking a seat keeps the others from waiting.
        let somebody_left = || asked.iter().any(|asked| asked.is_finished());
        let seats = seated(&listener, N, somebody_left);
        // Whoever comes now is too late. A command that is killed later leaves no folder behind.
        drop((listener, folder));
        if let Some(mut seats) = seats {
            // Where it fails a process is gone, and its answer says why.
            drop(give(&mut seats));
        }
        asked
            .into_iter()
            .map(|asked| {
                asked
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    let mut parts = Vec::with_capacity(N);
    let mut reason = "one of them ended before the others".to_owned();
    for answer in answers {
        match answer? {
            Answer::Reply(Reply::Part(part)) if !part.iterations.is_empty() => parts.push(*part),
            // The others end early because this one failed.
            Answer::Failed(Outcome::Failed { message, .. }) => reason = message,
            Answer::Reply(_) | Answer::Failed(_) => {}
        }
    }
    Ok(parts.try_into().map_err(|_| reason))
}

/// One process. What the others take is no time of its own.
fn ask(entrant: Entrant<'_>, turns: Turns, processes: u32) -> anyhow::Result<Answer> {
    let surroundings = Surroundings {
        time_limit: entrant.surroundings.time_limit.saturating_mul(processes),
        ..entrant.surroundings.clone()
    };
    let request = Measure {
        turns: Some(Box::new(turns)),
        ..entrant.request
    };
    let action = Action::Measure(request);
    child::ask(entrant.executable, action, &surroundings, entrant.work)
}

/// The connections of all processes by their seats, once they are ready; `None` if somebody left.
fn seated(
    listener: &UnixListener,
    count: usize,
    somebody_left: impl Fn() -> bool,
) -> Option<Vec<UnixStream>> {
    let mut seats: Vec<Option<UnixStream>> = (0..count).map(|_| None).collect();
    while seats.iter().any(Option::is_none) {
        match listener.accept() {
            Ok((mut stream, _)) => {
                let mut seat = [0];
                stream.set_nonblocking(false).ok()?;
                stream.read_exact(&mut seat).ok()?;
                *seats.get_mut(usize::from(seat[0]))? = Some(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if somebody_left() {
                    return None;
                }
                std::thread::sleep(TICK);
            }
            Err(_) => return None,
        }
    }
    seats.into_iter().collect()
}

/// Gives turns in random order until there were enough.
fn give(seats: &mut [UnixStream]) -> std::io::Result<()> {
    let started = Instant::now();
    let mut turns = 0;
    loop {
        fastrand::shuffle(seats);
        for seat in &mut *seats {
            seat.write_all(&[GO])?;
            seat.read_exact(&mut [0])?;
        }
        turns += 1;
        let took = started.elapsed();
        if (turns >= TURNS && took >= LEAST) || (turns >= 2 && took >= MOST) {
            return Ok(());
        }
    }
}
