//! Files put together byte by byte, and processes of their own to read them in.

use std::path::{Path, PathBuf};
use std::process::Command;

use gimli::{DwAt, DwForm, DwTag};
use object::write::{Object, SectionId, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, SectionKind};

/// Processor time of a test. No file here has more than a few hundred kilobytes.
const MOST_SECONDS: u64 = 20;
/// What a test may have in memory, itself included.
const MOST_MEGABYTES: u64 = 200;
/// Attributes whose lengths add up to more than 2^64.
pub(crate) const ENDLESS: [(DwAt, DwForm); 2] = [
    (gimli::DW_AT_location, gimli::DW_FORM_exprloc),
    (gimli::DW_AT_decl_line, gimli::DW_FORM_data1),
];
/// Names the file that a child process is to read.
const FILE: &str = "PERFKIT_TEST_FILE";

/// An ELF file for x86-64 without any section.
pub(crate) fn elf() -> Object<'static> {
    Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little)
}

pub(crate) fn add(object: &mut Object<'_>, name: &str, bytes: Vec<u8>) -> SectionId {
    let segment = object.segment_name(StandardSegment::Debug).to_vec();
    let section = object.add_section(segment, name.into(), SectionKind::Debug);
    object.set_section_data(section, bytes, 1);
    section
}

/// A file with these sections.
pub(crate) fn file(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut object = elf();
    for (name, bytes) in sections {
        add(&mut object, name, bytes.clone());
    }
    object.write().expect("it can be written")
}

/// A table of abbreviations, numbered from 1. All have children.
pub(crate) fn abbreviations(rows: &[(DwTag, &[(DwAt, DwForm)])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, (tag, attributes)) in rows.iter().enumerate() {
        number_to(&mut bytes, number as u64 + 1);
        number_to(&mut bytes, u64::from(tag.0));
        bytes.push(1);
        for (name, form) in *attributes {
            number_to(&mut bytes, u64::from(name.0));
            number_to(&mut bytes, u64::from(form.0));
        }
        bytes.extend([0, 0]);
    }
    bytes.push(0);
    bytes
}

/// Appends an unsigned LEB128 number.
pub(crate) fn number_to(bytes: &mut Vec<u8>, number: u64) {
    let room = gimli::leb128::write::unsigned(bytes, number);
    room.expect("a vector grows");
}

/// A unit of DWARF 4 with these entries.
pub(crate) fn unit(entries: &[u8]) -> Vec<u8> {
    let mut bytes = ((entries.len() + 7) as u32).to_le_bytes().to_vec();
    // Version 4, the first table of abbreviations, addresses of 8 bytes.
    bytes.extend([4, 0, 0, 0, 0, 0, 8]);
    bytes.extend(entries);
    bytes
}

/// A line program of DWARF 4 without any line: these folders, and files in them by the folder's number.
pub(crate) fn lines(folders: &[&str], files: impl Iterator<Item = (String, u64)>) -> Vec<u8> {
    // Instructions of one byte; lines and addresses as rustc has them; the standard opcodes.
    let mut header = vec![1, 1, 1, 0xfb, 14, 13];
    header.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
    for folder in folders {
        header.extend(folder.bytes().chain([0]));
    }
    header.push(0);
    for (name, folder) in files {
        header.extend(name.bytes().chain([0]));
        number_to(&mut header, folder);
        header.extend([0, 0]);
    }
    header.push(0);
    let mut bytes = ((header.len() + 6) as u32).to_le_bytes().to_vec();
    bytes.extend([4, 0]);
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes
}

/// Reads a file in a process of its own, which has to end soon and may not take much memory. `test` is the calling
/// test, which that process runs again.
pub(crate) fn alone(test: &str, make: impl FnOnce() -> Vec<u8>, read: impl FnOnce(&Path)) {
    if let Some(path) = std::env::var_os(FILE) {
        read(&PathBuf::from(path));
        let peak = peak_megabytes();
        assert!(peak < MOST_MEGABYTES, "it took {peak} MB");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    std::fs::write(&path, make()).expect("there is room");
    // A reader without bounds should not take the machine with it.
    let limits = format!("ulimit -v 8000000 && ulimit -t {MOST_SECONDS}");
    let output = Command::new("sh")
        .args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().expect("a test has a file"))
        .args(["--exact", test, "--test-threads=1"])
        .env(FILE, &path)
        .output()
        .expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("1 passed"),
        "{}: {text}{errors}",
        output.status
    );
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes
        .and_then(|number| number.parse().ok())
        .expect("it says how much memory was used");
    kilobytes / 1024
}
