//! A started command, what came of it, and the one redactor that makes that comparable.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::Sandbox;

/// After which a command that should have ended is killed: a test fails and does not hang.
const PATIENCE: Duration = Duration::from_secs(600);

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    stdout: JoinHandle<String>,
    stderr: Receiver<String>,
    seen: String,
    places: Vec<(String, &'static str)>,
    started: Instant,
}

/// How it ended.
pub(crate) struct Outcome {
    /// Exit code; none after a signal.
    pub(crate) code: Option<i32>,
    /// Data.
    pub(crate) stdout: String,
    /// Progress and errors.
    pub(crate) stderr: String,
    places: Vec<(String, &'static str)>,
}

impl Running {
    /// Starts it with both streams piped.
    pub(crate) fn start(mut command: Command, sandbox: &Sandbox) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            stdout: std::thread::spawn(move || {
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).expect("pipes can be read");
                String::from_utf8_lossy(&bytes).into_owned()
            }),
            stderr: receiver,
            seen: String::new(),
            places: sandbox.places(),
            started: Instant::now(),
        }
    }

    /// Waits until a line of stderr holds this.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while let Ok(line) = self.stderr.recv_timeout(self.patience()) {
            let found = line.contains(text);
            self.seen.push_str(&line);
            self.seen.push('\n');
            if found {
                return;
            }
        }
        panic!("`{text}` was never said, but: {}", self.seen);
    }

    /// Lets it run on for so long, or to its end.
    pub(crate) fn go_on_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(line) = self
            .stderr
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
    }

    /// Sends it a signal, and not to its children.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).expect("it still runs");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Outcome {
        // The stream ends with the last process that holds it.
        while let Ok(line) = self.stderr.recv_timeout(self.patience()) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        if self.patience().is_zero() {
            self.signal(Signal::KILL);
        }
        let status = self.child.wait().expect("children can be waited for");
        Outcome {
            code: status.code(),
            stdout: self.stdout.join().expect("the reader does not panic"),
            stderr: self.seen,
            places: self.places,
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE.saturating_sub(self.started.elapsed())
    }
}

impl Outcome {
    /// All of it, redacted.
    pub(crate) fn text(&self) -> String {
        let code = match self.code {
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".to_owned(),
        };
        let mut text = code + "\n";
        for (title, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let stream = self.redacted(stream);
            if !stream.is_empty() {
                text.push_str(&format!("----- {title}\n{stream}"));
            }
        }
        text
    }

    /// Replaces what differs from machine to machine and from run to run.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (place, name) in &self.places {
            text = text.replace(place, name);
        }
        for (pattern, name) in REDACTIONS {
            let pattern = Regex::new(pattern).expect("the patterns below are valid");
            text = pattern.replace_all(&text, *name).into_owned();
        }
        text
    }
}

/// Followed by no digit, and neither the version of a fixture nor of another perfkit.
const OWN_VERSION: &str = concat!(r"\b", env!("CARGO_PKG_VERSION"), r"\b");

/// What to replace by what, in this order.
const REDACTIONS: &[(&str, &str)] = &[
    // Cargo's own progress: what it still has to build depends on what ran before.
    (
        r"(?m)^ *(Compiling|Finished|Blocking|Updating|Locking|Adding|Removing|Downgrading|Running|Executable) .*\n",
        "",
    ),
    (r"(?m)^warning: build failed, waiting for .*\n", ""),
    // Cargo writes it while the compiler's messages pass through here: it may come before them or after.
    (r"(?m)^error: could not compile .*\n", ""),
    (r"\bwork-[0-9a-f]{16}\b", "work-[HASH]"),
    // Moments, durations, process ids, hashes.
    (r"\b\d{8}-\d{6}(-\d+)?\b", "[RUN]"),
    (r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "[TIMESTAMP]"),
    (r"\bin \d+\.\d s\b", "in [TIME]"),
    (r"\(\d+\) (panicked|has overflowed)", "([PID]) $1"),
    (r"\b[0-9a-f]{8}\.stacks\.gz", "[HASH].stacks.gz"),
    (r"(?m)^lockfile = .*$", "lockfile = [HASH]"),
    (r"/\.partial-\w{6}", "/.partial-[RANDOM]"),
    // The machine and its toolchain.
    (r"rustc 1\.\d+\.\d+[^\s]* \([0-9a-f]+ [-0-9]+\)", "[RUSTC]"),
    (r"\b(x86_64|aarch64)-unknown-linux-\w+", "[TRIPLE]"),
    (r"\b((alloc|core|std)/src/[\w/]+\.rs):\d+", "$1:[LINE]"),
    (r"\btokio-\d+\.\d+\.\d+", "tokio-[VERSION]"),
    (
        r"\.rustup/toolchains/[^/]+",
        ".rustup/toolchains/[TOOLCHAIN]",
    ),
    (OWN_VERSION, "[VERSION]"),
    (r#"libc = "[^"]*""#, r#"libc = "[LIBC]""#),
    // Sizes, and the widths of the tables that hold them.
    (r"\b\d[\d. \u{202f}]*\d? (B|kB|MB)\b", "[SIZE]"),
    (r"(\S) {2,}", "$1  "),
    (r"[█▒▓░?]{4,}", "[BAR]"),
];
