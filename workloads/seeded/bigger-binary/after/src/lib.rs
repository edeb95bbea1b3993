//! A parser of access logs: lines come in blocks over a channel, and visits and bytes are summed up by page.

mod archive;

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// What was asked of a page.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Requests with an answer below 400.
    pub visits: u64,
    /// Requests with any other answer.
    pub failures: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Digest of the addresses of visitors.
    pub visitors: u64,
}

/// A log, summed up.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// By path.
    pub pages: BTreeMap<String, Page>,
    /// Lines that cannot be read.
    pub skipped: u64,
}

struct Entry<'line> {
    address: u32,
    path: &'line str,
    status: u16,
    bytes: u64,
}

/// Sums up a log that comes in blocks of whole lines.
pub async fn summarize(log: &[u8], block: usize) -> Summary {
    let (disk, mut blocks) = mpsc::channel(2);
    let read = async move {
        let mut rest = log;
        while !rest.is_empty() {
            let end = rest.iter().skip(block).position(|byte| *byte == b'\n');
            let (head, tail) = rest.split_at(end.map_or(rest.len(), |end| block + end + 1));
            if disk.send(head).await.is_err() {
                break;
            }
            rest = tail;
        }
    };
    let sum_up = async move {
        let mut summary = Summary::default();
        while let Some(block) = blocks.recv().await {
            for line in block
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                match parse(line) {
                    Some(entry) => count(&mut summary.pages, &entry),
                    None => summary.skipped += 1,
                }
            }
        }
        summary
    };
    tokio::join!(read, sum_up).1
}

/// Reads a line such as `10.1.2.3 - [17:30:01] "GET /index.html" 200 5120`.
fn parse(line: &[u8]) -> Option<Entry<'_>> {
    // Lines from the archive are in the packed form, and start with its mark.
    if let [archive::MARK, packed @ ..] = line {
        return archive::unpack(packed);
    }
    let line = std::str::from_utf8(line).ok()?;
    let (address, rest) = line.split_once(' ')?;
    let (_, rest) = rest.split_once("] \"")?;
    let (request, rest) = rest.split_once("\" ")?;
    let (status, bytes) = rest.split_once(' ')?;
    Some(Entry {
        address: parse_address(address)?,
        path: request.strip_prefix("GET ")?,
        status: status.parse().ok()?,
        bytes: bytes.parse().ok()?,
    })
}

fn parse_address(address: &str) -> Option<u32> {
    let mut parts = address.split('.');
    let mut number = 0;
    for _ in 0..4 {
        number = (number << 8) | u32::from(parts.next()?.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some(number)
}

fn count(pages: &mut BTreeMap<String, Page>, entry: &Entry<'_>) {
    if !pages.contains_key(entry.path) {
        pages.insert(entry.path.to_owned(), Page::default());
    }
    let Some(page) = pages.get_mut(entry.path) else {
        return;
    };
    if entry.status < 400 {
        page.visits += 1;
    } else {
        page.failures += 1;
    }
    page.bytes += entry.bytes;
    page.visitors = (page.visitors ^ u64::from(entry.address)).wrapping_mul(0x0100_0000_01b3);
}
