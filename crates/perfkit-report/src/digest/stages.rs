//! What went through the stages of a workload, base beside head.

use perfkit_model::metric::Unit;
use perfkit_model::run::Case;
use perfkit_model::stage::{Stage, Stages};

use crate::text;

/// Headings of the table of stages.
pub(crate) const TITLES: [&str; 11] = [
    "stage",
    "items/s",
    "bytes/s",
    "busy",
    "per item",
    "base",
    "waits p50",
    "waits p99",
    "takes p50",
    "takes p99",
    "waiting",
];

/// Deeper stages are indented as these are.
const DEEPEST: usize = 3;

/// Characters of a name with what it is indented by, two for each stage that it is within.
const WIDEST: usize = 21;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct StageRow<'a> {
    /// The stage.
    pub(crate) stage: &'a Stage,
    /// How many stages it is within.
    pub(crate) depth: usize,
    /// Its own name.
    pub(crate) name: String,
    /// The cells after the name, under [`TITLES`].
    pub(crate) cells: [String; 10],
}

/// The rows of a case; empty where no stages were measured.
pub(crate) fn rows<'a>(case: &'a Case, base: Option<&Case>) -> Vec<StageRow<'a>> {
    let Some(stages) = &case.stages else {
        return Vec::new();
    };
    let row = |stage: &'a Stage| {
        let depth = (stage.depth as usize).min(DEEPEST);
        StageRow {
            stage,
            depth,
            name: text::name(&stage.label, WIDEST - 2 * depth),
            cells: cells((stages, stage), case, base),
        }
    };
    stages.stages.iter().map(row).collect()
}

fn cells((stages, stage): (&Stages, &Stage), case: &Case, base: Option<&Case>) -> [String; 10] {
    let time = |nanoseconds: f64| text::value(nanoseconds, Unit::Nanoseconds);
    let before = base.and_then(|base| {
        let stages = base.stages.as_ref()?;
        let before = stages.stages.iter().find(|it| it.name == stage.name)?;
        Some(time(busy_per_item(stages, before, base)))
    });
    let bytes = match stage.bytes {
        0 => String::new(),
        bytes => text::value(stages.per_second(bytes), Unit::Bytes),
    };
    [
        text::value(stages.per_second(stage.items).round(), Unit::Count),
        bytes,
        text::percent(stages.busy_share(stage)),
        time(busy_per_item(stages, stage, case)),
        before.unwrap_or_default(),
        time(stage.queueing.percentiles.p50),
        time(stage.queueing.percentiles.p99),
        time(stage.processing.percentiles.p50),
        time(stage.processing.percentiles.p99),
        text::value(stage.most_pending as f64, Unit::Count),
    ]
}

/// Nanoseconds that a stage works for each item of the workload, or else of its own: those of one workload can be added.
fn busy_per_item(stages: &Stages, stage: &Stage, case: &Case) -> f64 {
    let items = case.units.items * u64::from(stages.iterations);
    let items = if items > 0 { items } else { stage.items };
    stage.busy / items.max(1) as f64
}

/// Which stage works the most, without what is within it: `schedule works most, 61.0 % of the time by itself`.
pub(crate) fn busiest(case: &Case) -> Option<String> {
    let stages = case.stages.as_ref()?;
    let by_itself = |stage: &&Stage| stage.busy_by_itself;
    let most = stages
        .stages
        .iter()
        .max_by(|left, right| by_itself(left).total_cmp(&by_itself(right)))?;
    let share = most.busy_by_itself / 1e9 / stages.seconds;
    Some(format!(
        "{} works most, {} of the time by itself",
        text::name(&most.name, 80),
        text::percent(if share.is_finite() { share } else { 0.0 })
    ))
}
