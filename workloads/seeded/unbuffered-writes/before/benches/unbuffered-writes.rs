//! Logs accesses to a segment in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};

use perfkit::{Bench, Case, Units};
use unbuffered_writes::{Segment, checksum, serve};

perfkit::main!(accesses);

const ACCESSES: u64 = 8_000;

/// A folder that goes with its owner.
struct Scratch {
    folder: PathBuf,
    segment: PathBuf,
}

impl Scratch {
    fn create() -> Self {
        let folder = std::env::temp_dir().join(format!("access-log-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
        Self {
            segment: folder.join("segment-0.log"),
            folder,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: the system clears its temporary files some day.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn accesses(bench: &mut Bench) {
    bench
        .workload("unbuffered-writes")
        .set_up(async |_: &Case| Scratch::create())
        .units(|_| Units::items(ACCESSES))
        .iterate(async |scratch: &mut Scratch| serve(ACCESSES, &scratch.segment).await)
        .check(|scratch, segment| match segment {
            Ok(segment) => verify(&scratch.segment, segment),
            Err(error) => Err(error.to_string()),
        });
}

/// The file has to hold what the log says it has written.
fn verify(path: &Path, segment: &Segment) -> Result<(), String> {
    let content = fs::read(path).map_err(|error| error.to_string())?;
    let found = Segment {
        lines: content.iter().filter(|byte| **byte == b'\n').count() as u64,
        bytes: content.len() as u64,
        checksum: checksum(0, &content),
    };
    if found == *segment && found.lines == ACCESSES {
        Ok(())
    } else {
        Err(format!(
            "the file holds {found:?}, the log says {segment:?}"
        ))
    }
}
