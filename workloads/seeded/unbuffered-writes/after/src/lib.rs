//! An access log: what a service has answered goes over a channel to a segment file, one line per request.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tokio::sync::mpsc;

/// One answered request.
#[derive(Debug)]
pub struct Access {
    /// Address of the client.
    pub client: u32,
    /// What was asked for.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Microseconds that it took.
    pub took: u64,
}

/// What a segment holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Segment {
    /// Lines.
    pub lines: u64,
    /// Bytes with the ends of lines.
    pub bytes: u64,
    /// Checksum over all bytes, see [`checksum`].
    pub checksum: u64,
}

/// Answers `count` requests and logs them to a new segment at `path`.
///
/// # Errors
///
/// If the segment cannot be written.
pub async fn serve(count: u64, path: &Path) -> io::Result<Segment> {
    let (sender, receiver) = mpsc::channel(64);
    let answers = async move {
        for number in 0..count {
            if sender.send(answer(number)).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(answers, write_segment(path, receiver)).1
}

/// FNV-1a over `bytes`, going on from `hash`.
pub fn checksum(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Stands for the service: what it answers is a function of the request's number.
fn answer(number: u64) -> Access {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Access {
        client: (mixed >> 32) as u32,
        path: format!(
            "/catalogue/{}/items/{}?fields=name,price,\"stock\"&page={}",
            mixed % 97,
            mixed % 10_007,
            number % 11
        ),
        status: if mixed.is_multiple_of(50) { 404 } else { 200 },
        bytes: mixed % 65_536,
        took: mixed % 9_001,
    }
}

async fn write_segment(path: &Path, mut accesses: mpsc::Receiver<Access>) -> io::Result<Segment> {
    let mut log = Log::create(path)?;
    while let Some(access) = accesses.recv().await {
        log.append(&access)?;
    }
    log.close()
}

struct Log {
    // Whoever follows the log sees a request as soon as it is answered.
    file: File,
    line: String,
    segment: Segment,
}

impl Log {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path)?,
            line: String::new(),
            segment: Segment::default(),
        })
    }

    fn append(&mut self, access: &Access) -> io::Result<()> {
        self.line.clear();
        format_line(access, &mut self.line);
        self.segment.lines += 1;
        self.segment.bytes += self.line.len() as u64;
        self.segment.checksum = checksum(self.segment.checksum, self.line.as_bytes());
        self.file.write_all(self.line.as_bytes())
    }

    fn close(mut self) -> io::Result<Segment> {
        self.file.flush()?;
        Ok(self.segment)
    }
}

fn format_line(access: &Access, line: &mut String) {
    let [a, b, c, d] = access.client.to_be_bytes();
    let _ = write!(line, "{a}.{b}.{c}.{d} \"GET ");
    for character in access.path.chars() {
        match character {
            '"' | '\\' => line.extend(['\\', character]),
            ' '..='~' => line.push(character),
            _ => line.extend(character.escape_unicode()),
        }
    }
    let _ = writeln!(
        line,
        "\" {} {} {}.{:03}ms",
        access.status,
        access.bytes,
        access.took / 1_000,
        access.took % 1_000
    );
}
