//! A process that takes turns with others, so that what disturbs the machine for a while disturbs all of them.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use perfkit_model::request::Turns;

use crate::drive::Failure;

/// More iterations than this in one turn say nothing new.
const MOST_ITERATIONS: u32 = 100;

/// The byte that says that a turn is over.
const DONE: u8 = b'.';

/// A place among the processes that take turns.
pub(crate) struct Place {
    turns: Turns,
    stream: Option<UnixStream>,
    end: Instant,
    /// Iterations of each turn so far.
    pub(crate) taken: Vec<u32>,
}

impl Place {
    pub(crate) fn new(turns: Turns) -> Self {
        Self {
            turns,
            stream: None,
            end: Instant::now(),
            taken: Vec::new(),
        }
    }

    /// Takes the place. Fails where nobody waits for this process any more.
    pub(crate) fn take(&mut self) -> Result<(), Failure> {
        let taken = UnixStream::connect(&self.turns.socket)
            .and_then(|mut stream| stream.write_all(&[self.turns.seat]).map(|()| stream));
        self.stream = Some(taken.map_err(|error| Failure::NotAvailable {
            message: format!("nobody gives turns: {error}"),
        })?);
        Ok(())
    }

    /// Whether another iteration is wanted. Ends a turn that is over, and waits for the next one.
    pub(crate) fn wants_more(&mut self) -> bool {
        if let Some(iterations) = self.taken.last_mut() {
            if *iterations < MOST_ITERATIONS && Instant::now() < self.end {
                *iterations += 1;
                return true;
            }
            if !self.say_done() {
                return false;
            }
        }
        if !self.hear() {
            return false;
        }
        self.end = Instant::now() + Duration::from_millis(self.turns.milliseconds);
        self.taken.push(1);
        true
    }

    fn say_done(&mut self) -> bool {
        let stream = self.stream.as_mut();
        stream.is_some_and(|stream| stream.write_all(&[DONE]).is_ok())
    }

    /// Waits for a turn; false where there is none.
    fn hear(&mut self) -> bool {
        let stream = self.stream.as_mut();
        stream.is_some_and(|stream| stream.read_exact(&mut [0]).is_ok())
    }
}
