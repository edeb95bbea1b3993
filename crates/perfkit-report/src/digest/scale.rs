//! What a weight of a stack column is worth per iteration.

use perfkit_model::metric::{self, Unit};
use perfkit_model::run::Case;
use perfkit_model::stacks::Column;

/// Turns a weight into a value per iteration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Value of weight 1.
    pub(crate) factor: f64,
    /// Unit of the value.
    pub(crate) unit: Unit,
    /// Whether the values are samples turned into CPU time.
    pub(crate) is_sampled: bool,
}

/// The scale of a column.
///
/// CPU samples are proportions: a busy machine drops some, so their number says nothing across runs.
/// Where the time pass measured the CPU time they divide that; else they are parts of 1,000.
pub(crate) fn scale(case: &Case, column: &Column) -> Scale {
    let total = column.total();
    if column.metric == "cpu.samples" {
        let time = case.measurements.get("time.cpu").map(|it| it.value);
        let whole = time.filter(|time| time.is_finite() && *time > 0.0);
        return Scale {
            factor: whole.unwrap_or(1000.0) / total.max(1) as f64,
            unit: if whole.is_some() {
                Unit::Nanoseconds
            } else {
                Unit::Count
            },
            is_sampled: true,
        };
    }
    Scale {
        factor: 1.0 / f64::from(column.iterations.max(1)),
        unit: metric::metric(&column.metric).map_or(Unit::Count, |metric| metric.unit),
        is_sampled: false,
    }
}
