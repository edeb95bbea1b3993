//! Recognises a perfkit bench binary, and its version, without running it.
//!
//! A bench target of the user's that is not ours must never be executed on suspicion.

use std::path::Path;

use anyhow::Context as _;
use object::{Object as _, ObjectSection as _};
use perfkit_model::PROTOCOL;

use crate::failure::Failure;

const SECTIONS: [&str; 2] = [".note.perfkit", "__perfkit"];

#[derive(Debug, serde::Deserialize)]
struct Marker {
    protocol: u32,
    version: String,
}

/// Whether this file is a perfkit bench of our protocol. Another protocol is an error that says how to mend it.
pub(crate) fn is_perfkit_bench(executable: &Path) -> anyhow::Result<bool> {
    let bytes = std::fs::read(executable).with_context(|| {
        format!(
            "failed to read the built bench target {}",
            executable.display()
        )
    })?;
    let Some(marker) = read(&bytes) else {
        return Ok(false);
    };
    if marker.protocol == PROTOCOL {
        return Ok(true);
    }
    let own = env!("CARGO_PKG_VERSION");
    Err(Failure::new(format!(
        "this is cargo perfkit {own} (protocol {PROTOCOL}), but {} was built with perfkit {} (protocol {})",
        executable.file_name().unwrap_or_default().display(),
        marker.version,
        marker.protocol
    ))
    .hint(format!("bring the library to the command's version: `cargo update -p perfkit --precise {own}`"))
    .hint(format!("or the command to the library's: `cargo install cargo-perfkit --version {}`", marker.version))
    .into())
}

fn read(bytes: &[u8]) -> Option<Marker> {
    let file = object::File::parse(bytes).ok()?;
    let data = SECTIONS
        .iter()
        .find_map(|name| file.section_by_name(name)?.data().ok())?;
    let start = data.windows(8).position(|window| window == b"perfkit\0")? + 8;
    let rest = data.get(start..)?;
    let end = rest
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(rest.len());
    serde_json::from_slice(&rest[..end]).ok()
}
