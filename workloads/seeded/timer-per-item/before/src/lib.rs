//! Gathers the readings that a gateway forwards line by line into batches, and summarises every batch.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

/// Readings of a full batch.
pub const BATCH: usize = 64;

/// A batch that does not fill is summarised after this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a sensor has measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Number of the sensor.
    pub sensor: u32,
    /// Seconds since the gateway started.
    pub at: u64,
    /// The value in thousandths.
    pub value: i64,
}

/// Sums over all batches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Batches, the last one included, which may be empty.
    pub batches: u64,
    /// Readings.
    pub readings: u64,
    /// Sum of the values.
    pub total: i64,
    /// Sum of the differences between the largest and the smallest value of each batch.
    pub spread: i64,
}

impl Summary {
    fn add(&mut self, batch: &[Reading]) {
        let values = || batch.iter().map(|reading| reading.value);
        let spread = values().max().unwrap_or(0) - values().min().unwrap_or(0);
        self.batches += 1;
        self.readings += batch.len() as u64;
        self.total += values().sum::<i64>();
        self.spread += spread;
    }
}

/// Summarises what the gateway sends: a reading per line, `sensor;time;value`.
pub async fn summarise(lines: &str) -> Summary {
    let (sender, mut receiver) = mpsc::channel(1);
    let forward = async move {
        for reading in lines.lines().filter_map(parse) {
            if sender.send(reading).await.is_err() {
                break;
            }
        }
    };
    let gather = async move {
        let mut summary = Summary::default();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let is_open = collect(&mut receiver, &mut batch).await;
            summary.add(&batch);
            batch.clear();
            if !is_open {
                return summary;
            }
        }
    };
    tokio::join!(forward, gather).1
}

/// Fills the batch, and says whether more may come.
async fn collect(readings: &mut mpsc::Receiver<Reading>, batch: &mut Vec<Reading>) -> bool {
    let fill = async {
        while batch.len() < BATCH {
            match readings.recv().await {
                Some(reading) => batch.push(reading),
                None => return false,
            }
        }
        true
    };
    timeout(PATIENCE, fill).await.unwrap_or(true)
}

fn parse(line: &str) -> Option<Reading> {
    let mut fields = line.split(';');
    let sensor = fields.next()?.trim().parse().ok()?;
    let at = fields.next()?.trim().parse().ok()?;
    let value = thousandths(fields.next()?.trim())?;
    fields
        .next()
        .is_none()
        .then_some(Reading { sensor, at, value })
}

/// Reads a decimal number with up to three decimals.
fn thousandths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if decimals.len() > 3 {
        return None;
    }
    let mut value = whole.parse::<i64>().ok()?;
    for decimal in decimals.bytes().chain(*b"000").take(3) {
        if !decimal.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(decimal - b'0');
    }
    Some(sign * value)
}
