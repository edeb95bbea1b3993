//! How a workload fared at rising rates of requests.

use perfkit_model::load::{LoadStep, knee};
use perfkit_model::metric::Unit;
use perfkit_model::run::{Busy, Case};

use crate::digest::cases::processes;
use crate::text;

/// Headings of the table of steps.
pub(crate) const TITLES: [&str; 8] = [
    "offered/s",
    "answered/s",
    "failed",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "busiest",
];

/// A load with its knee.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    /// Every step, the lowest rate first.
    pub(crate) steps: &'a [LoadStep],
    /// Index of the last step before the explosion.
    pub(crate) knee: Option<usize>,
}

/// The load of a case; `None` where none was measured.
pub(crate) fn load(case: &Case) -> Option<Load<'_>> {
    let steps = case.load.as_slice();
    (!steps.is_empty()).then(|| Load {
        steps,
        knee: knee(steps),
    })
}

impl Load<'_> {
    /// What happened, in phrases.
    pub(crate) fn phrases(&self) -> Vec<String> {
        let Some((lowest, highest)) = self.steps.first().zip(self.steps.last()) else {
            return Vec::new();
        };
        let Some(knee) = self.knee else {
            return vec![if lowest.keeps_up(lowest) {
                format!(
                    "keeps up with {} and no higher rate was offered",
                    rate(highest.rate)
                )
            } else {
                format!(
                    "does not keep up with {}, the lowest rate",
                    rate(lowest.rate)
                )
            }];
        };
        let kept = &self.steps[knee];
        let mut phrases = vec![format!(
            "the knee is at {}: p50 {}, p99 {}",
            rate(kept.rate),
            latency(kept.latency.p50),
            latency(kept.latency.p99)
        )];
        if let Some(beyond) = self.steps.get(knee + 1) {
            phrases.push(format!(
                "at {} it answers {} with p50 {}, p99 {}",
                rate(beyond.rate),
                rate(beyond.throughput()),
                latency(beyond.latency.p50),
                latency(beyond.latency.p99)
            ));
            phrases.extend(limit(beyond).map(|busy| format!("there {busy}")));
        }
        phrases
    }

    /// The cells of the table of steps, under [`TITLES`].
    pub(crate) fn rows(&self) -> Vec<[String; 8]> {
        let steps = self.steps.iter();
        steps
            .map(|step| {
                [
                    number(step.rate),
                    number(step.throughput()),
                    text::value(step.failed as f64, Unit::Count),
                    latency(step.latency.p50),
                    latency(step.latency.p90),
                    latency(step.latency.p99),
                    latency(step.latency.p999),
                    step.busy
                        .iter()
                        .max_by(busier)
                        .map_or_else(String::new, |busy| {
                            let process = text::name(&busy.process, 24);
                            format!("{process} {}", text::percent(busy.share))
                        }),
                ]
            })
            .collect()
    }
}

/// The process that limits a step, as the reports of busy processes say it.
fn limit(step: &LoadStep) -> Option<String> {
    let phrases = processes(&step.busy);
    phrases
        .into_iter()
        .find(|phrase| phrase.ends_with("the limit"))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`max_by` compares references"
)]
fn busier(left: &&Busy, right: &&Busy) -> std::cmp::Ordering {
    left.share.total_cmp(&right.share)
}

/// `1,131 requests/s`.
fn rate(rate: f64) -> String {
    format!("{} requests/s", number(rate))
}

fn number(rate: f64) -> String {
    text::value(rate.round(), Unit::Count)
}

fn latency(nanoseconds: f64) -> String {
    text::value(nanoseconds, Unit::Nanoseconds)
}
