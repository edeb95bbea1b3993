//! Takes the events that agents report, and keeps a table of metrics up to date with them.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// Events that wait between the decoder and the table.
const WAITING: usize = 128;

/// Events that are applied at once.
const BATCH: usize = 64;

/// What an agent reports.
#[derive(Debug, Clone)]
pub enum Event {
    /// A counter went up.
    Count {
        /// The metric.
        key: u32,
        /// When.
        at: u64,
        /// By how much.
        by: u64,
    },
    /// A gauge has a new value.
    Level {
        /// The metric.
        key: u32,
        /// When.
        at: u64,
        /// The value.
        value: i64,
    },
    /// Something took time.
    Span {
        /// The metric.
        key: u32,
        /// When.
        at: u64,
        /// Microseconds.
        micros: u64,
    },
}

/// State of a metric.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Events seen.
    pub events: u64,
    /// When the last one was.
    pub last: u64,
    /// Sum of counts and spans.
    pub sum: u64,
    /// The last level.
    pub level: i64,
    /// Longest span.
    pub longest: u64,
}

/// All metrics by key.
pub type Table = BTreeMap<u32, Metric>;

/// Applies reports, an event per line, to an empty table.
pub async fn apply_all(reports: &[String]) -> Table {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let decode_all = async move {
        for report in reports {
            for line in report.lines() {
                let Some(event) = decode(line) else {
                    continue;
                };
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        }
    };
    let keep_table = async move {
        let mut table = Table::new();
        let mut batch = Vec::with_capacity(BATCH);
        while receiver.recv_many(&mut batch, BATCH).await > 0 {
            for event in batch.drain(..) {
                apply(&mut table, event);
            }
        }
        table
    };
    tokio::join!(decode_all, keep_table).1
}

/// Reads `kind key time value`.
fn decode(line: &str) -> Option<Event> {
    let mut words = line.split(' ');
    let kind = words.next()?;
    let key = words.next()?.parse().ok()?;
    let at = words.next()?.parse().ok()?;
    let value = words.next()?;
    match kind {
        "count" => Some(Event::Count {
            key,
            at,
            by: value.parse().ok()?,
        }),
        "level" => Some(Event::Level {
            key,
            at,
            value: value.parse().ok()?,
        }),
        "span" => Some(Event::Span {
            key,
            at,
            micros: value.parse().ok()?,
        }),
        _ => None,
    }
}

fn apply(table: &mut Table, event: Event) {
    let (key, at) = match &event {
        Event::Count { key, at, .. }
        | Event::Level { key, at, .. }
        | Event::Span { key, at, .. } => (*key, *at),
    };
    let metric = table.entry(key).or_default();
    metric.events += 1;
    metric.last = metric.last.max(at);
    match event {
        Event::Count { by, .. } => metric.sum += by,
        Event::Level { value, .. } => metric.level = value,
        Event::Span { micros, .. } => {
            metric.sum += micros;
            metric.longest = metric.longest.max(micros);
        }
    }
}
