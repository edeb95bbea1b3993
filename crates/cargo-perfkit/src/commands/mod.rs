//! One file per command.

pub(crate) mod baseline;
pub(crate) mod bisect;
pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod list;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod types;

use std::io::Write as _;

use crate::failure::Exit;

/// Prints text on stdout.
fn print(text: &str) -> anyhow::Result<Exit> {
    print_bytes(text.as_bytes())
}

/// Prints on stdout. A closed pipe (`| head`) is no error.
fn print_bytes(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Pass),
    }
}
