//! What the revisions of one branch measured, and where a value changed for good.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::metric::{self, METRICS, Noise};
use crate::run::CaseId;

/// Version of a line of the history file. It grows when a reader of the old form would misread the new one.
pub const HISTORY_FORMAT: u32 = 1;

/// Metrics that are shown where nobody asked for others: what is paid for, and what most often explains it.
pub const MAIN_METRICS: [&str; 5] = [
    "time.cpu",
    "instructions.count",
    "heap.allocs",
    "heap.bytes",
    "memcpy.bytes",
];

/// Revisions of one branch for one target, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// In the order in which they were added, which should be that of the branch.
    pub entries: Vec<Entry>,
}

/// What one revision measured: one line of the history file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// [`HISTORY_FORMAT`].
    pub format: u32,
    /// Commit, and whether the tree had changes.
    pub revision: String,
    /// Start of the run, RFC 3339 in UTC.
    pub time: String,
    /// `rustc --version`.
    #[serde(default)]
    pub rustc: String,
    /// Target triple.
    #[serde(default)]
    pub target: String,
    /// Processor model.
    #[serde(default)]
    pub processor: String,
    /// One for each case that was measured.
    pub cases: Vec<EntryCase>,
}

/// The values of one case. A metric that could not be measured is in neither map.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct EntryCase {
    /// What was run.
    pub id: CaseId,
    /// Metric id to the value that all iterations had, in the metric's unit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exact: BTreeMap<String, f64>,
    /// Metric id to the median of iterations that differed, in the metric's unit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub median: BTreeMap<String, f64>,
}

/// The values that one metric of one case took, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// The case.
    pub case: CaseId,
    /// Metric id.
    pub metric: String,
    /// Finite values only. Entries without one have no point.
    pub points: Vec<Point>,
    /// Timings that were left out because another processor took them than the newest.
    pub elsewhere: usize,
}

/// One value of a [`Series`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Index into [`History::entries`].
    pub entry: usize,
    /// In the metric's unit, per iteration.
    pub value: f64,
    /// Whether all iterations had it.
    pub exact: bool,
}

/// A value that changed from one entry to the next and stayed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// Case.
    pub case: CaseId,
    /// Metric id.
    pub metric: String,
    /// Index of the first entry after it, in [`History::entries`].
    pub entry: usize,
    /// Revision of that entry: the change is in it, or between [`previous`](Self::previous) and it.
    pub revision: String,
    /// When that entry was measured, RFC 3339.
    pub time: String,
    /// Revision of the entry before it that has a value.
    pub previous: String,
    /// Median since the step before, in the metric's unit.
    pub before: f64,
    /// Median until the step after, in the metric's unit.
    pub after: f64,
    /// Whether it is a change of exact values, and no statistics were needed.
    pub exact: bool,
    /// What else changed between the two entries, as `rustc 1.94.0 → rustc 1.95.0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

impl EntryCase {
    /// The value of a metric, and whether it is exact.
    #[must_use]
    pub fn value(&self, metric: &str) -> Option<(f64, bool)> {
        let exact = self.exact.get(metric).map(|value| (*value, true));
        exact.or_else(|| self.median.get(metric).map(|value| (*value, false)))
    }
}

impl History {
    /// Every case of any entry, sorted.
    #[must_use]
    pub fn cases(&self) -> BTreeSet<&CaseId> {
        let cases = self.entries.iter().flat_map(|entry| &entry.cases);
        cases.map(|case| &case.id).collect()
    }

    /// Every metric that an entry has of any case, in the order of the catalogue; ids it does not know come last.
    #[must_use]
    pub fn metrics(&self) -> Vec<&str> {
        let cases = self.entries.iter().flat_map(|entry| &entry.cases);
        let ids: BTreeSet<&str> = cases
            .flat_map(|case| case.exact.keys().chain(case.median.keys()))
            .map(String::as_str)
            .collect();
        let mut ids: Vec<&str> = ids.into_iter().collect();
        let place = |id: &str| METRICS.iter().position(|metric| metric.id == id);
        ids.sort_by_key(|id| place(id).unwrap_or(usize::MAX));
        ids
    }

    /// The values of one metric of one case. Variants are cases of their own.
    ///
    /// Timings of different processors are no series, so of a noisy metric only the entries of the processor that
    /// took the newest value count. A metric that the catalogue does not know is taken for a noisy one.
    #[must_use]
    pub fn series(&self, case: &CaseId, metric: &str) -> Series {
        let mut points: Vec<Point> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let of_case = entry.cases.iter().find(|it| it.id == *case);
            let value = of_case.and_then(|it| it.value(metric));
            if let Some((value, exact)) = value.filter(|(value, _)| value.is_finite()) {
                points.push(Point {
                    entry: index,
                    value,
                    exact,
                });
            }
        }
        let all = points.len();
        let is_noisy = metric::metric(metric).is_none_or(|metric| metric.noise == Noise::Noisy);
        if let (true, Some(newest)) = (is_noisy, points.last()) {
            let processor = &self.entries[newest.entry].processor;
            points.retain(|point| self.entries[point.entry].processor == *processor);
        }
        Series {
            case: case.clone(),
            metric: metric.to_owned(),
            elsewhere: all - points.len(),
            points,
        }
    }
}
