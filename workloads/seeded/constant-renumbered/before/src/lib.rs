//! A mail submission service: the lines of sessions are checked one by one, and every line is answered and logged.

use std::fmt::Write;

use tokio::sync::mpsc;

/// What a line is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// Welcome.
    Ready = 1201,
    /// The line is taken.
    Done = 1202,
    /// The letter may come now.
    GoOn = 1301,
    /// Nobody knows the command.
    Unknown = 1501,
    /// The command does not belong here.
    Order = 1502,
    /// The address is none.
    Address = 1503,
}

/// The mark at the start of a log record.
const MAGIC: u64 = 0x4d41_494c_2d4c_4f47;

impl Code {
    fn text(self) -> &'static str {
        match self {
            Self::Ready => "ready, go ahead",
            Self::Done => "done",
            Self::GoOn => "go on, end with a dot",
            Self::Unknown => "what is that command",
            Self::Order => "not now, start over",
            Self::Address => "no such mailbox here",
        }
    }

    fn is_error(self) -> bool {
        self as u16 >= 1500
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Greeted,
    From,
    To,
    Letter,
}

/// What the service has seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Lines.
    pub lines: u64,
    /// Lines that were refused.
    pub errors: u64,
    /// Letters taken.
    pub letters: u64,
    /// Bytes of all answers.
    pub bytes: u64,
    /// Bytes of the log.
    pub logged: u64,
}

struct Session {
    state: State,
    letters: u64,
}

impl Session {
    fn line(&mut self, line: &str) -> Option<Code> {
        if self.state == State::Letter {
            if line != "." {
                return None;
            }
            self.letters += 1;
            self.state = State::Greeted;
            return Some(Code::Done);
        }
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (next, code) = match (command, self.state) {
            ("hello", _) => (State::Greeted, Code::Ready),
            ("from", State::Greeted) if is_address(rest) => (State::From, Code::Done),
            ("to", State::From | State::To) if is_address(rest) => (State::To, Code::Done),
            ("letter", State::To) => (State::Letter, Code::GoOn),
            ("from", State::Greeted) | ("to", State::From | State::To) => {
                (self.state, Code::Address)
            }
            ("from" | "to" | "letter", _) => (self.state, Code::Order),
            _ => (self.state, Code::Unknown),
        };
        self.state = next;
        Some(code)
    }
}

/// Whether there is exactly one `@`, with a name before and a host with a dot after it.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.split('.').all(plain) && host.contains('.') && host.split('.').all(plain)
}

/// Runs the lines of a session and answers them.
pub async fn submit(lines: &[String]) -> Totals {
    let (client, mut sent) = mpsc::channel::<&str>(8);
    let send = async move {
        for line in lines {
            if client.send(line).await.is_err() {
                break;
            }
        }
    };
    let answer = async move {
        let mut totals = Totals::default();
        let mut log = Vec::new();
        let mut session = Session {
            state: State::Start,
            letters: 0,
        };
        while let Some(line) = sent.recv().await {
            totals.lines += 1;
            let Some(code) = session.line(line) else {
                continue;
            };
            let mut answer = String::with_capacity(64);
            let written = write!(answer, "{} {}", code as u16, code.text());
            debug_assert!(written.is_ok());
            record(&mut log, line, code);
            totals.errors += u64::from(code.is_error());
            totals.bytes += answer.len() as u64;
        }
        totals.letters = session.letters;
        totals.logged = log.len() as u64;
        totals
    };
    tokio::join!(send, answer).1
}

/// Appends a record: the mark, the code, a check of the line and its length.
fn record(log: &mut Vec<u8>, line: &str, code: Code) {
    let check = line.bytes().fold(MAGIC, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    log.extend_from_slice(&MAGIC.to_le_bytes());
    log.extend_from_slice(&(code as u16).to_le_bytes());
    log.extend_from_slice(&check.to_le_bytes());
    log.extend_from_slice(&(line.len() as u32).to_le_bytes());
}
