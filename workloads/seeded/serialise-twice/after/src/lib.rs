//! An outbox: updates of orders are framed as JSON, each behind a header with its length and checksum.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Length as four bytes, checksum as eight.
const HEADER: usize = 12;

/// Something has happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The order.
    pub order: u64,
    /// How often it was changed before.
    pub revision: u32,
    /// Who has placed it.
    pub customer: String,
    /// What is in it.
    pub lines: Vec<Line>,
    /// What a person has to know of it.
    pub note: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What is ordered.
    pub article: String,
    /// How many.
    pub quantity: u32,
    /// What one costs, in hundredths.
    pub price: u64,
}

/// What has arrived at the other side.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Updates whose checksum matched.
    pub updates: u64,
    /// What all of them cost, in hundredths.
    pub total: u64,
}

/// Why an update could not be sent or read.
#[derive(Debug)]
pub enum Failure {
    /// The stream has ended too early.
    Stream(std::io::Error),
    /// It is no update.
    Format(serde_json::Error),
    /// The checksum does not match.
    Checksum,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Stream(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Format(error)
    }
}

/// So many updates, the same ones every time.
pub fn updates(count: u64) -> Vec<Update> {
    let update = |order: u64| {
        let line = |number: u64| Line {
            article: format!(
                "article \"{}\" in size {}",
                (order * 31 + number) % 977,
                number
            ),
            quantity: 1 + ((order + number) % 9) as u32,
            price: (order * 7_919 + number * 104_729) % 50_000,
        };
        Update {
            order,
            revision: (order % 5) as u32,
            customer: format!("customer-{:05}", order * 17 % 4_001),
            lines: (0..4 + order % 5).map(line).collect(),
            note: (order % 3 == 0).then(|| "leave it\twith the neighbours\n".to_owned()),
        }
    };
    (0..count).map(update).collect()
}

/// What the other side has to read.
pub fn expected(updates: &[Update]) -> Arrived {
    let mut arrived = Arrived::default();
    for update in updates {
        arrived.add(update);
    }
    arrived
}

/// Sends all updates to the other side.
///
/// # Errors
///
/// If an update cannot be sent, or cannot be read there.
pub async fn deliver(updates: &[Update]) -> Result<Arrived, Failure> {
    let (here, there) = tokio::io::duplex(16 * 1024);
    let (sent, arrived) = tokio::join!(send_all(updates, here), receive_all(there));
    sent.and(arrived)
}

async fn send_all(updates: &[Update], mut stream: DuplexStream) -> Result<(), Failure> {
    for update in updates {
        stream.write_all(&header(update)?).await?;
        stream.write_all(&serde_json::to_vec(update)?).await?;
    }
    Ok(())
}

/// What goes ahead of an update. Other formats have other headers, so it does not depend on the bytes of the body.
fn header(update: &Update) -> Result<[u8; HEADER], Failure> {
    let body = serde_json::to_vec(update)?;
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&(body.len() as u32).to_be_bytes());
    header[4..].copy_from_slice(&checksum(&body).to_be_bytes());
    Ok(header)
}

async fn receive_all(mut stream: DuplexStream) -> Result<Arrived, Failure> {
    let mut arrived = Arrived::default();
    let mut body = Vec::new();
    loop {
        let length = match stream.read_u32().await {
            Ok(length) => length as usize,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(arrived),
            Err(error) => return Err(error.into()),
        };
        let expected = stream.read_u64().await?;
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        if checksum(&body) != expected {
            return Err(Failure::Checksum);
        }
        arrived.add(&serde_json::from_slice(&body)?);
    }
}

impl Arrived {
    fn add(&mut self, update: &Update) {
        let costs = |line: &Line| u64::from(line.quantity) * line.price;
        self.updates += 1;
        self.total += update.lines.iter().map(costs).sum::<u64>();
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
