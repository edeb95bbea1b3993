//! Speed and memory of reading types: `cargo bench -p perfkit-debuginfo --bench types [-- BINARY]`.
//!
//! Without a binary it reads the debug build of the command, whose dependencies have full debug info, too. The large
//! file has the units of that binary over and over, until `.debug_info` has 300 MB; its strings are as many as a program
//! of that size has, so that memory is what such a program takes. Targets: 200 MB of `.debug_info` per second on one
//! core; the large file within 2 s and 600 MB on two.
#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use object::write::{Object as NewObject, StandardSegment};
use object::{Object, ObjectSection, SectionKind};
use perfkit_debuginfo::types::{self, Options};

type AnyError = Box<dyn std::error::Error>;

/// Bytes of `.debug_info` in the large file.
const LARGE: usize = 300_000_000;
/// Readings of a file; the fastest counts, because other work on the machine only ever adds.
const TIMES: usize = 5;

fn main() -> Result<(), AnyError> {
    // A process of its own, whose peak memory is that of one reading.
    if let Ok(path) = std::env::var("PERFKIT_BENCH_READ") {
        let start = Instant::now();
        read(Path::new(&path), 2)?;
        println!(
            "{:.2} s, {} MB",
            start.elapsed().as_secs_f64(),
            peak_megabytes()?
        );
        return Ok(());
    }
    let given = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let binary = given.map_or_else(debug_build, |path| Ok(PathBuf::from(path)))?;
    for threads in [1, 2] {
        let mut best = f64::INFINITY;
        let mut bytes = 0;
        for _ in 0..TIMES {
            let start = Instant::now();
            bytes = read(&binary, threads)?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{}, {threads} threads: {:.1} MB of .debug_info in {best:.3} s, {:.0} MB/s",
            binary.display(),
            bytes as f64 / 1e6,
            bytes as f64 / 1e6 / best
        );
    }
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("large");
    enlarge(&binary, &large)?;
    for _ in 0..3 {
        let output = Command::new(std::env::current_exe()?)
            .env("PERFKIT_BENCH_READ", &large)
            .output()?;
        print!(
            "300 MB of .debug_info on 2 threads: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    Ok(())
}

/// Returns the bytes of `.debug_info`.
fn read(path: &Path, threads: usize) -> Result<u64, AnyError> {
    let options = Options {
        least: 128,
        root: PathBuf::new(),
        threads,
    };
    Ok(types::read(path, &options)?.info_bytes)
}

fn debug_build() -> Result<PathBuf, AnyError> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "cargo-perfkit",
            "--target-dir",
        ])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err("the command does not compile".into());
    }
    Ok(target.join("debug/cargo-perfkit").canonicalize()?)
}

fn enlarge(binary: &Path, large: &Path) -> Result<(), AnyError> {
    let bytes = std::fs::read(binary)?;
    let object = object::File::parse(&*bytes)?;
    let mut new = NewObject::new(object.format(), object.architecture(), object.endianness());
    let section = |name: &str| {
        object
            .section_by_name(name)
            .and_then(|section| section.data().ok())
    };
    let info = section(".debug_info").ok_or("the binary has no debug info")?;
    let times = LARGE.div_ceil(info.len());
    for name in [
        ".debug_info",
        ".debug_abbrev",
        ".debug_str",
        ".debug_line",
        ".debug_line_str",
    ] {
        let Some(data) = section(name) else { continue };
        let repeated = matches!(name, ".debug_info" | ".debug_str" | ".debug_line");
        let data = data.repeat(if repeated { times } else { 1 });
        let segment = new.segment_name(StandardSegment::Debug).to_vec();
        let id = new.add_section(segment, name.into(), SectionKind::Debug);
        new.set_section_data(id, data, 1);
    }
    new.write_stream(std::io::BufWriter::new(std::fs::File::create(large)?))?;
    Ok(())
}

fn peak_megabytes() -> Result<u64, AnyError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("the system does not say")?.parse::<u64>()? / 1024)
}
