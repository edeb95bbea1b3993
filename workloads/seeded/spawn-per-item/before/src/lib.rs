//! Takes in batches of lines with sensor readings, calibrates them and keeps a summary per sensor.

use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::sync::{RwLock, mpsc};

/// Sensors that send readings.
pub const SENSORS: u32 = 50;
/// Values of one reading.
pub const VALUES: u32 = 8;

/// Factors in thousandths, by sensor. They change while readings come in.
pub type Calibration = Arc<RwLock<FxHashMap<u32, i64>>>;

/// A line that is no reading.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Values of one sensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Values.
    pub count: u64,
    /// Their sum.
    pub sum: i64,
    /// The largest.
    pub largest: i64,
}

struct Reading {
    sensor: u32,
    values: Vec<i64>,
}

/// The factors of all sensors.
pub fn calibration() -> Calibration {
    let factors = (0..SENSORS).map(|sensor| (sensor, 900 + i64::from(sensor) * 4));
    Arc::new(RwLock::new(factors.collect()))
}

/// Batches of lines as the sensors send them, the same ones every time.
pub fn batches(batches: usize, lines: usize) -> Vec<Vec<Bytes>> {
    let mut random = 7_u64;
    let mut line = || {
        let mut next = |limit: u32| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (random >> 33) as u32 % limit
        };
        let mut line = format!("sensor={};values=", next(SENSORS));
        for _ in 0..VALUES {
            line.push_str(&format!("{},", i64::from(next(2_000_000)) - 1_000_000));
        }
        let sum = checksum(line.as_bytes());
        line.push_str(&format!(";{sum}"));
        Bytes::from(line)
    };
    let mut batch = || (0..lines).map(|_| line()).collect();
    (0..batches).map(|_| batch()).collect()
}

/// Takes in all batches and returns the summaries by sensor.
///
/// # Errors
///
/// If a line is no reading.
pub async fn run(
    batches: &[Vec<Bytes>],
    calibration: &Calibration,
) -> Result<Vec<Summary>, Malformed> {
    let (sender, mut receiver) = mpsc::channel::<Vec<Bytes>>(2);
    let receive = async move {
        for batch in batches {
            if sender.send(batch.clone()).await.is_err() {
                break;
            }
        }
    };
    let take_in = async move {
        let mut summaries = vec![Summary::default(); SENSORS as usize];
        while let Some(batch) = receiver.recv().await {
            ingest(batch, calibration, &mut summaries).await?;
        }
        Ok(summaries)
    };
    tokio::join!(receive, take_in).1
}

async fn ingest(
    batch: Vec<Bytes>,
    calibration: &Calibration,
    summaries: &mut [Summary],
) -> Result<(), Malformed> {
    for line in batch {
        let reading = decode(line, calibration.clone()).await?;
        add(&reading, summaries);
    }
    Ok(())
}

async fn decode(line: Bytes, calibration: Calibration) -> Result<Reading, Malformed> {
    let line = std::str::from_utf8(&line).map_err(|_| Malformed)?;
    let (signed, sum) = line.rsplit_once(';').ok_or(Malformed)?;
    if sum.parse() != Ok(checksum(signed.as_bytes())) {
        return Err(Malformed);
    }
    let (sensor, values) = signed.split_once(';').ok_or(Malformed)?;
    let sensor = sensor.strip_prefix("sensor=").ok_or(Malformed)?;
    let sensor = sensor.parse().map_err(|_| Malformed)?;
    let factor = calibration.read().await.get(&sensor).copied();
    let factor = factor.ok_or(Malformed)?;
    let values = values.strip_prefix("values=").ok_or(Malformed)?;
    let mut calibrated = Vec::with_capacity(VALUES as usize);
    for value in values.split_terminator(',') {
        let value: i64 = value.parse().map_err(|_| Malformed)?;
        calibrated.push(value * factor / 1_000);
    }
    Ok(Reading {
        sensor,
        values: calibrated,
    })
}

fn add(reading: &Reading, summaries: &mut [Summary]) {
    let summary = &mut summaries[reading.sensor as usize];
    for value in &reading.values {
        summary.count += 1;
        summary.sum += value;
        summary.largest = summary.largest.max(*value);
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
