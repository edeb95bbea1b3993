//! Links a program again with its sections in other orders.
//!
//! Where code and data lie in memory moves CPU time by some percent, for some programs by more than ten, and any edit moves
//! them: two links of the same code differ, and more processes of the same two files only say so more surely (Mytkowicz et
//! al., "Producing wrong data without doing anything obviously wrong", 2009). Over many orders it evens out (Curtsinger and
//! Berger, "STABILIZER", 2013). There the order changes while the program runs; here lld shuffles it.
//!
//! To do that the build's linker is this same binary, which calls the real one and keeps what it was called with.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};

use crate::{parallel, progress};

/// Tells this binary to act as the linker, and which one to call.
pub(crate) const LINKER_VARIABLE: &str = "PERFKIT_ACT_AS_LINKER";

/// The linker of rustc's Linux targets where nobody chose one.
pub(crate) const DEFAULT_LINKER: &str = "cc";

/// Added to an executable's name: the folder with what it was linked of.
const FOLDER: &str = "link";

const CALL_FILE: &str = "call.json";

/// Sections that are shuffled. Those of initialisers and unwinding have an order that matters.
const SHUFFLED: [&str; 4] = [".text*", ".rodata*", ".data*", ".bss*"];

/// How the real linker was called.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Call {
    linker: PathBuf,
    folder: PathBuf,
    /// With what rustc removes replaced by what was kept.
    arguments: Vec<String>,
    /// Position of the executable among them.
    output: usize,
}

/// Calls the real linker if rustc called this binary as its linker.
pub(crate) fn run_as_linker() -> Option<ExitCode> {
    let linker = std::env::var_os(LINKER_VARIABLE)?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut command = Command::new(&linker);
    command.args(&arguments).env_remove(LINKER_VARIABLE);
    Some(match command.status() {
        Ok(status) if status.success() => {
            // Without it there is one order, which whoever measures will say.
            drop(keep(&linker, &arguments));
            ExitCode::SUCCESS
        }
        Ok(status) => failure(status),
        Err(error) => not_run(&linker, &error),
    })
}

fn failure(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

#[expect(clippy::print_stderr, reason = "rustc shows a linker's stderr")]
fn not_run(linker: &OsStr, error: &std::io::Error) -> ExitCode {
    eprintln!(
        "cargo-perfkit as linker: failed to run {}: {error}",
        linker.display()
    );
    ExitCode::FAILURE
}

/// Keeps the call and the objects that rustc removes after it.
fn keep(linker: &OsStr, arguments: &[OsString]) -> std::io::Result<()> {
    let words: Option<Vec<String>> = arguments
        .iter()
        .map(|argument| Some(argument.to_str()?.to_owned()))
        .collect();
    let position = arguments.iter().position(|argument| argument == "-o");
    // Arguments in a file, or names that are no text: neither is met in practice.
    let (Some(mut words), Some(position)) = (words, position) else {
        return Ok(());
    };
    let output = position + 1;
    let Some(executable) = words.get(output) else {
        return Ok(());
    };
    let folder = folder(Path::new(executable));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder)?;
    for (index, word) in words.iter_mut().enumerate() {
        let object = Path::new(&*word);
        if index != output && object.extension() == Some(OsStr::new("o")) && object.is_file() {
            let kept = folder.join(format!("{index}.o"));
            fs::hard_link(object, &kept).or_else(|_| fs::copy(object, &kept).map(drop))?;
            *word = kept.to_string_lossy().into_owned();
        }
    }
    let call = Call {
        linker: linker.into(),
        folder: std::env::current_dir()?,
        arguments: words,
        output,
    };
    fs::write(folder.join(CALL_FILE), serde_json::to_vec(&call)?)
}

/// Whether the linker that rustc calls by itself shuffles sections: tried with a program that does nothing.
pub(crate) fn check() -> bool {
    let try_it = || -> std::io::Result<bool> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("nothing.rs");
        fs::write(&source, "fn main() {}")?;
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command
            .arg(&source)
            .arg("-o")
            .arg(folder.path().join("nothing"));
        command.args(shuffles(1).map(|flag| format!("-Clink-arg={flag}")));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status()?.success())
    };
    try_it().unwrap_or(false)
}

/// Flags for the compiler driver that links.
fn shuffles(order: u32) -> [String; SHUFFLED.len()] {
    SHUFFLED.map(|sections| format!("-Wl,--shuffle-sections={sections}={order}"))
}

/// Where an executable's call is kept.
fn folder(executable: &Path) -> PathBuf {
    let mut name = executable.as_os_str().to_owned();
    name.push(".");
    name.push(FOLDER);
    name.into()
}

/// The same program with its sections in these orders of a session. What was linked before is taken as it is; orders of
/// another session are removed.
///
/// # Errors
///
/// Why it cannot be linked again.
pub(crate) fn link(
    executable: &Path,
    shuffle: Shuffle,
    orders: std::ops::Range<u32>,
) -> Result<Vec<PathBuf>, String> {
    let folder = folder(executable);
    let text = fs::read(folder.join(CALL_FILE)).map_err(|_| {
        format!(
            "how {} was linked is not known",
            executable.file_name().unwrap_or_default().display()
        )
    })?;
    let call: Call = serde_json::from_slice(&text)
        .map_err(|error| format!("{} is damaged: {error}", folder.join(CALL_FILE).display()))?;
    let linked = folder.join(shuffle.folder());
    if !linked.is_dir() {
        remove_others(&folder);
        fs::create_dir_all(&linked)
            .map_err(|error| format!("failed to create {}: {error}", linked.display()))?;
        let name = executable.file_name().unwrap_or_default().display();
        progress::status(
            "Linking",
            &format!("{name} with its sections in other orders"),
        );
    }
    let numbers = orders.map(|order| shuffle.0.wrapping_add(order).max(1));
    let done = parallel::map(numbers.collect(), |order| call.again(&linked, order));
    done.into_iter().collect()
}

/// The orders of one session, by the number of its first. Every session has others, so that measuring again says something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shuffle(u32);

impl Shuffle {
    pub(crate) fn begin() -> Self {
        // lld takes numbers that fit 31 bits, and draws one itself for 0.
        Self(fastrand::u32(1..1 << 30))
    }

    fn folder(self) -> String {
        format!("orders-{}", self.0)
    }
}

/// Removes what earlier sessions linked.
fn remove_others(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

impl Call {
    fn again(&self, folder: &Path, order: u32) -> Result<PathBuf, String> {
        let linked = folder.join(order.to_string());
        if linked.is_file() {
            return Ok(linked);
        }
        let unfinished = folder.join(format!("{order}.unfinished"));
        let mut arguments: Vec<&OsStr> = self.arguments.iter().map(OsStr::new).collect();
        if let Some(output) = arguments.get_mut(self.output) {
            *output = unfinished.as_os_str();
        }
        let output = Command::new(&self.linker)
            .args(arguments)
            .args(shuffles(order))
            // Stacks and types are read from the build itself.
            .arg("-Wl,--strip-debug")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("failed to run {}: {error}", self.linker.display()))?;
        if !output.status.success() {
            return Err(format!(
                "linking with shuffled sections failed: {}",
                first_line(&output.stderr)
            ));
        }
        fs::rename(&unfinished, &linked)
            .map_err(|error| format!("failed to write {}: {error}", linked.display()))?;
        Ok(linked)
    }
}

/// What a linker complains about first.
fn first_line(stderr: &[u8]) -> String {
    let lines = stderr.split(|byte| *byte == b'\n');
    let mut told = lines.filter(|line| !line.trim_ascii().is_empty());
    let line = OsStr::from_bytes(told.next().unwrap_or_default());
    line.to_string_lossy().trim().to_owned()
}
