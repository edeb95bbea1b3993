//! One file per command.

pub(crate) mod baseline;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod report;
pub(crate) mod run;

use std::io::Write as _;

use crate::failure::Exit;

/// Prints on stdout. A closed pipe (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<Exit> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Pass),
    }
}
