//! What a branch measured of a case, metric by metric, and where it changed for good.

use perfkit_model::history::{Entry, History, MAIN_METRICS, Series, Step};
use perfkit_model::metric::{self, Noise, Unit};
use perfkit_model::quantity;
use perfkit_model::run::{Case, Run};

use crate::digest::cases::CaseDigest;
use crate::{View, text};

/// Characters of a revision. A hash is told by twelve, and `with changes` may follow.
const REVISION: usize = 32;
/// Range that a drawing has at least, relative to its largest value: noise of one percent is no mountain range.
const LEAST_RANGE: f64 = 0.1;

/// One metric of a case over time.
#[derive(Debug)]
pub(crate) struct MetricTrend<'a> {
    /// Heading.
    pub(crate) title: String,
    /// Unit of all values.
    pub(crate) unit: Unit,
    /// Values, at least one.
    pub(crate) series: Series,
    /// Steps, oldest first.
    pub(crate) steps: Vec<&'a Step>,
    /// What this run measured, where it is not the newest entry itself and may stand beside the others.
    pub(crate) now: Option<f64>,
}

/// The main metrics that the history has of a case.
pub(crate) fn trends<'a>(view: &View<'a>, case: &CaseDigest<'_>) -> Vec<MetricTrend<'a>> {
    let Some(trend) = view.trend else {
        return Vec::new();
    };
    let metrics = MAIN_METRICS.into_iter();
    metrics
        .filter_map(|id| {
            let series = trend.history.series(&case.case.id, id);
            let newest = &trend.history.entries[series.points.last()?.entry];
            let steps = trend.steps.iter();
            let steps = steps.filter(|step| step.case == case.case.id && step.metric == id);
            let mut steps: Vec<&Step> = steps.collect();
            steps.sort_by_key(|step| step.entry);
            Some(MetricTrend {
                title: title(id),
                unit: unit(id),
                steps,
                now: now(view.run, case.case, newest, id),
                series,
            })
        })
        .collect()
}

/// This run's value of a metric. A timing of another processor or of a shortened pass has no place beside the others.
fn now(run: &Run, case: &Case, newest: &Entry, id: &str) -> Option<f64> {
    let is_it = run.environment.revision.as_ref() == Some(&newest.revision);
    let is_noisy = metric::metric(id).is_none_or(|metric| metric.noise == Noise::Noisy);
    let is_apart = is_noisy && (run.quick || run.environment.processor != newest.processor);
    let measurement = case.measurements.get(id)?;
    let value = measurement.value;
    (!is_it && !is_apart && measurement.not_judged.is_none() && value.is_finite()).then_some(value)
}

/// Heading of a metric.
pub(crate) fn title(id: &str) -> String {
    metric::metric(id).map_or_else(|| text::name(id, 24), |metric| metric.title.to_owned())
}

/// Unit of a metric; one that this version does not know is counted.
pub(crate) fn unit(id: &str) -> Unit {
    metric::metric(id).map_or(Unit::Count, |metric| metric.unit)
}

/// A revision, short and plain.
pub(crate) fn revision(words: &str) -> String {
    text::name(words, REVISION)
}

/// The day of an RFC 3339 time.
pub(crate) fn day(time: &str) -> String {
    text::name(time.split('T').next().unwrap_or(time), 10)
}

/// A value in a few characters, whatever a damaged file says.
pub(crate) fn amount(value: f64, unit: Unit) -> String {
    text::shortened(&text::value(value, unit), 24)
}

/// `CPU time +20.8 %, from 41.3 ms to 49.9 ms`.
pub(crate) fn change(step: &Step) -> String {
    let unit = unit(&step.metric);
    // Values of a damaged file may be as far apart as numbers go.
    let relative = match (step.after / step.before).is_infinite() && step.before != 0.0 {
        true => text::NO_VALUE.to_owned(),
        false => text::shortened(&text::change(Some(step.before), Some(step.after)), 24),
    };
    let (mut before, mut after) = (amount(step.before, unit), amount(step.after, unit));
    // A difference that three digits do not show is told to the last.
    if let (true, Some(exact_before), Some(exact_after)) = (
        before == after,
        whole(step.before, unit),
        whole(step.after, unit),
    ) {
        (before, after) = (exact_before, exact_after);
    }
    format!(
        "{} {relative}, from {before} to {after}",
        title(&step.metric)
    )
}

/// A whole number with all its digits, in the smallest unit.
pub(crate) fn whole(value: f64, unit: Unit) -> Option<String> {
    /// From here on not every whole number is an `f64`.
    const LIMIT: f64 = (1_u64 << 53) as f64;
    let is_whole = (0.0..LIMIT).contains(&value) && value.fract() == 0.0;
    let suffix = match unit {
        Unit::Count => "",
        Unit::Bytes => " B",
        Unit::Nanoseconds => " ns",
    };
    is_whole.then(|| format!("{}{suffix}", quantity::grouped(value as u64)))
}

/// Where a value lies in the range of all, from 0 to 1; in the middle where all are the same.
pub(crate) fn scale(values: impl Iterator<Item = f64> + Clone) -> impl Fn(f64) -> f64 {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(f64::NEG_INFINITY, f64::max);
    let range = (most - least).max(LEAST_RANGE * most.abs());
    // A narrow range stands in the middle of the drawing.
    let bottom = least - (range - (most - least)) / 2.0;
    move |value| {
        let share = (value - bottom) / range;
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}

/// How many entries were added since a step, its own included.
pub(crate) fn age(history: &History, step: &Step) -> usize {
    history.entries.len().saturating_sub(step.entry)
}
