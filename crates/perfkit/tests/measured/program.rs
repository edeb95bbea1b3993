//! A bench binary, asked the way the command asks.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use perfkit_model::PROTOCOL;
use perfkit_model::lens::{LENSES, Pass};
use perfkit_model::part::{Part, Reply};
use perfkit_model::request::{Action, Measure, REQUEST_VARIABLE, Request};

/// No pass of these tests takes a tenth of this, not even on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A bench binary.
pub(crate) struct Program {
    executable: PathBuf,
}

impl Program {
    pub(crate) fn new(executable: PathBuf) -> Self {
        Self { executable }
    }

    pub(crate) fn executable(&self) -> &Path {
        &self.executable
    }

    /// Runs one pass.
    pub(crate) fn measure(&self, measure: Measure) -> Part {
        self.measure_under(&[], measure)
    }

    /// Runs one pass under another program, such as valgrind.
    pub(crate) fn measure_under(&self, runner: &[&str], measure: Measure) -> Part {
        match self.ask(runner, Action::Measure(measure)) {
            Ok(Reply::Part(part)) => *part,
            other => panic!("no measurement: {other:?}"),
        }
    }

    /// Sends a request in a process of its own. Any other end than a reply is an error that says which.
    pub(crate) fn ask(&self, runner: &[&str], action: Action) -> Result<Reply, String> {
        let folder = Folder::new();
        let (file, reply) = (folder.0.join("request.json"), folder.0.join("reply.json"));
        let mut words: Vec<&str> = runner.to_vec();
        let executable = self.executable.display().to_string();
        words.push(&executable);
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .env(REQUEST_VARIABLE, &file)
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if matches!(&action, Action::Measure(measure) if measure.pass == Pass::Dhat) {
            command.env("PERFKIT_ALLOCATOR", "alternate");
        }
        let request = Request {
            protocol: PROTOCOL,
            reply: reply.clone(),
            action,
        };
        std::fs::write(&file, serde_json::to_vec(&request).unwrap()).unwrap();

        let mut child = command.spawn().expect("what is run was found before");
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = String::new();
            // What cannot be read is not shown; the end of the stream is what matters.
            drop(stderr.read_to_string(&mut said));
            sender.send(said)
        });
        let said = receiver.recv_timeout(TIME_LIMIT);
        if said.is_err() {
            child.kill().expect("it still runs");
        }
        let status = child.wait().expect("it was started here");
        let said = said.map_err(|_| format!("no answer within {} s", TIME_LIMIT.as_secs()))?;
        match std::fs::read(&reply) {
            Ok(text) if status.success() => Ok(serde_json::from_slice(&text).unwrap()),
            _ => Err(format!("{status}: {said}")),
        }
    }
}

/// One iteration after one to warm up, through all lenses of the pass.
pub(crate) fn request(workload: &str, variant: Option<&str>, pass: Pass) -> Measure {
    let lenses = LENSES.iter().filter(|lens| lens.pass == Some(pass));
    Measure {
        workload: workload.to_owned(),
        arg: None,
        variant: variant.map(str::to_owned),
        runtime: "current_thread".to_owned(),
        pass,
        lenses: lenses.map(|lens| lens.id.to_owned()).collect(),
        seed: 7,
        warm_up: 1,
        iterations: 1,
        budget_milliseconds: 0,
        frequency: 250,
        samples: 1,
        processors: 0,
        dhat: None,
        turns: None,
    }
}

/// A folder for one exchange, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("perfkit-measured-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("there is room for a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left-overs in the folder for such are no reason to fail.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
