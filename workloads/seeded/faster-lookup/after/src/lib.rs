//! A locator of addresses: requests are answered with the region of their address, from a table of ranges.

use std::fmt::Write;

use tokio::sync::mpsc;

/// Addresses of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first address.
    pub first: u32,
    /// The last address.
    pub last: u32,
    /// Two letters.
    pub region: [u8; 2],
}

/// All ranges, in the order of their addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    ranges: Vec<Range>,
}

/// What was answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// Requests with a region.
    pub located: u64,
    /// Requests without one.
    pub unknown: u64,
    /// Requests whose address cannot be read.
    pub malformed: u64,
    /// Digest of all answers.
    pub digest: u64,
}

impl Table {
    /// A table of ranges, which do not overlap.
    #[must_use]
    pub fn new(mut ranges: Vec<Range>) -> Self {
        ranges.sort_by_key(|range| range.first);
        Self { ranges }
    }

    fn region(&self, address: u32) -> Option<[u8; 2]> {
        let after = self.ranges.partition_point(|range| range.first <= address);
        let range = self.ranges[..after].last()?;
        (address <= range.last).then_some(range.region)
    }
}

/// Answers all requests, which come in over a channel.
pub async fn locate_all(table: &Table, requests: &[String]) -> Answers {
    let (clients, mut waiting) = mpsc::channel::<&str>(16);
    let ask = async move {
        for request in requests {
            if clients.send(request).await.is_err() {
                break;
            }
        }
    };
    let answer = async move {
        let mut answers = Answers::default();
        let mut text = String::with_capacity(128);
        while let Some(request) = waiting.recv().await {
            text.clear();
            respond(table, request, &mut text, &mut answers);
            answers.digest = digest(answers.digest, &text);
        }
        answers
    };
    tokio::join!(ask, answer).1
}

fn respond(table: &Table, request: &str, text: &mut String, answers: &mut Answers) {
    let Some(address) = parse(request) else {
        answers.malformed += 1;
        text.push_str("400 no address");
        return;
    };
    let written = match table.region(address) {
        Some([first, second]) => {
            answers.located += 1;
            let (first, second) = (char::from(first), char::from(second));
            write!(text, "200 address={address:08x} region={first}{second}")
        }
        None => {
            answers.unknown += 1;
            write!(text, "404 address={address:08x}")
        }
    };
    debug_assert!(written.is_ok());
}

/// Reads a request such as `where is 10.1.2.3`.
fn parse(request: &str) -> Option<u32> {
    let mut parts = request.strip_prefix("where is ")?.split('.');
    let mut address = 0;
    for _ in 0..4 {
        address = (address << 8) | u32::from(parts.next()?.parse::<u8>().ok()?);
    }
    parts.next().is_none().then_some(address)
}

fn digest(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed.rotate_left(7), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
