//! A metrics aggregator: samples of counters, gauges and durations are gathered by a task and exposed as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use tokio::sync::mpsc;

/// A sample as an instrumented service sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name of the series.
    pub series: &'static str,
    /// Value of its one label.
    pub label: String,
    /// What was measured.
    pub value: Value,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// To be added up.
    Count(u64),
    /// The last one holds.
    Gauge(i64),
    /// In microseconds.
    Duration(u64),
}

/// Durations by the power of two that they are below.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Histogram {
    buckets: [u32; 24],
    total: u64,
}

impl Histogram {
    fn new() -> Self {
        Self {
            buckets: [0; 24],
            total: 0,
        }
    }

    fn record(&mut self, micros: u64) {
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.buckets[bucket.min(23)] += 1;
        self.total += micros;
    }

    fn count(&self) -> u64 {
        self.buckets.iter().map(|count| u64::from(*count)).sum()
    }

    fn merge(&mut self, other: &Self) {
        for (count, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += others;
        }
        self.total += other.total;
    }

    fn quantile(&self, share: f64) -> u64 {
        let rank = (self.count() as f64 * share).ceil() as u64;
        let mut below = 0;
        let reached = self.buckets.iter().position(|count| {
            below += u64::from(*count);
            below >= rank
        });
        1 << reached.unwrap_or(23)
    }
}

enum Series {
    Count(u64),
    Gauge(i64),
    Durations(Box<Histogram>),
}

/// All series, by name and label.
#[derive(Default)]
pub struct Registry {
    series: BTreeMap<(&'static str, String), Series>,
}

impl Registry {
    fn absorb(&mut self, sample: &Sample) {
        let key = (sample.series, sample.label.clone());
        let series = self
            .series
            .entry(key)
            .or_insert_with(|| match sample.value {
                Value::Count(_) => Series::Count(0),
                Value::Gauge(_) => Series::Gauge(0),
                Value::Duration(_) => Series::Durations(Box::new(Histogram::new())),
            });
        match (series, sample.value) {
            (Series::Count(sum), Value::Count(count)) => *sum += count,
            (Series::Gauge(last), Value::Gauge(gauge)) => *last = gauge,
            (Series::Durations(histogram), Value::Duration(micros)) => histogram.record(micros),
            // A series keeps the kind of its first sample.
            _ => {}
        }
    }

    /// Takes over the series of another registry. Needed once aggregators run in several processes.
    pub fn merge(&mut self, other: Self) {
        for (key, theirs) in other.series {
            match (self.series.get_mut(&key), theirs) {
                (Some(Series::Count(sum)), Series::Count(count)) => *sum += count,
                (Some(Series::Durations(histogram)), Series::Durations(durations)) => {
                    histogram.merge(&durations)
                }
                (_, theirs) => {
                    self.series.insert(key, theirs);
                }
            }
        }
    }

    /// An upper bound of the given share of a series' durations, in microseconds.
    #[must_use]
    pub fn quantile(&self, name: &'static str, label: &str, share: f64) -> Option<u64> {
        match self.series.get(&(name, label.to_owned()))? {
            Series::Durations(histogram) => Some(histogram.quantile(share)),
            Series::Count(_) | Series::Gauge(_) => None,
        }
    }

    /// Calls `visit` with the name, the label and the text of every series that `keep` lets through.
    pub fn visit<K, V>(&self, mut keep: K, mut visit: V)
    where
        K: FnMut(&str) -> bool,
        V: FnMut(&str, &str, String),
    {
        for ((name, label), series) in self.series.iter().filter(|((name, _), _)| keep(name)) {
            let text = match series {
                Series::Count(sum) => sum.to_string(),
                Series::Gauge(last) => last.to_string(),
                Series::Durations(histogram) => format!("{:?}", histogram.buckets),
            };
            visit(name, label, text);
        }
    }

    /// All series as text, in the order of their names.
    #[must_use]
    pub fn expose(&self) -> String {
        let mut text = String::new();
        for ((name, label), series) in &self.series {
            let written = match series {
                Series::Count(sum) => writeln!(text, "{name}_total{{of={label:?}}} {sum}"),
                Series::Gauge(last) => writeln!(text, "{name}{{of={label:?}}} {last}"),
                Series::Durations(histogram) => expose_histogram(&mut text, name, label, histogram),
            };
            debug_assert!(written.is_ok());
        }
        text
    }
}

fn expose_histogram(
    text: &mut String,
    name: &str,
    label: &str,
    histogram: &Histogram,
) -> std::fmt::Result {
    let mut below = 0;
    for (power, count) in histogram.buckets.iter().enumerate() {
        below += count;
        writeln!(
            text,
            "{name}_bucket{{of={label:?},le=\"{}\"}} {below}",
            1u64 << power
        )?;
    }
    writeln!(text, "{name}_sum{{of={label:?}}} {}", histogram.total)?;
    writeln!(text, "{name}_count{{of={label:?}}} {}", histogram.count())
}

/// Gathers all samples, which arrive over a channel, and exposes them.
pub async fn aggregate(samples: &[Sample]) -> String {
    let (service, mut arrived) = mpsc::channel(64);
    let send = async move {
        for sample in samples {
            if service.send(sample).await.is_err() {
                break;
            }
        }
    };
    let gather = async move {
        let mut registry = Registry::default();
        while let Some(sample) = arrived.recv().await {
            registry.absorb(sample);
        }
        registry.expose()
    };
    tokio::join!(send, gather).1
}

/// The longest label that a dashboard shows in full.
const LONGEST_LABEL: usize = 48;

/// Gathers samples from any number of channels, one after the other, into one registry.
pub async fn aggregate_from<S>(channels: impl IntoIterator<Item = mpsc::Receiver<S>>) -> Registry
where
    S: std::borrow::Borrow<Sample>,
{
    let mut registry = Registry::default();
    for mut channel in channels {
        let mut lengths = [0u64; 64];
        while let Some(sample) = channel.recv().await {
            let sample = sample.borrow();
            lengths[sample.label.len().min(63)] += 1;
            registry.absorb(sample);
        }
        registry.absorb(&Sample {
            series: "labels_too_long",
            label: String::new(),
            value: Value::Count(lengths[LONGEST_LABEL..].iter().sum()),
        });
    }
    registry
}

/// Exposes a registry to a writer, piece by piece.
pub async fn expose_in_pieces(
    registry: &Registry,
    size: usize,
    pieces: &mpsc::Sender<Vec<u8>>,
) -> bool {
    for piece in registry.expose().into_bytes().chunks(size) {
        if pieces.send(piece.to_vec()).await.is_err() {
            return false;
        }
    }
    true
}
