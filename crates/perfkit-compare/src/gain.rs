//! What a cure could give at most. Local gains often vanish end to end, so a finding promises no more.

use perfkit_model::category::Category;
use perfkit_model::metric::{Metric, Unit};
use perfkit_model::quantity::Quantity;
use perfkit_model::run::Case;

/// `removing this saves at most 92 % of the copied bytes (48.1 MB per iteration) and at most 8 % of CPU time`.
pub(crate) fn gain(metric: &Metric, base: f64, head: f64, case: &Case) -> String {
    let growth = Quantity {
        value: head - base,
        unit: metric.unit,
    };
    let what = match metric.unit {
        Unit::Bytes if metric.id == "memcpy.bytes" || metric.id == "heap.bytes" => {
            format!("{} bytes", metric.title)
        }
        _ if metric.id == "heap.retained" => format!("{} memory", metric.title),
        _ => metric.title.to_owned(),
    };
    let mut text = if head > 0.0 {
        let share = percent((head - base) / head);
        format!("removing this saves at most {share} of the {what} ({growth} per iteration)")
    } else {
        format!("removing this saves at most {growth} of the {what} per iteration")
    };
    if let Some(cpu) = cpu_share(metric, case) {
        text.push_str(&format!(" and at most {} of CPU time", percent(cpu)));
    }
    text
}

/// Share of CPU samples in the kind of code this metric keeps busy.
///
/// Peak and retained memory are left out: lowering them need not save a single call of the allocator.
fn cpu_share(metric: &Metric, case: &Case) -> Option<f64> {
    let category = match metric.id {
        "memcpy.calls" | "memcpy.bytes" => Category::Memcpy,
        "heap.allocs" | "heap.reallocs" | "heap.bytes" => Category::Allocator,
        _ => return None,
    };
    let parts = case.stacks.breakdown("cpu.samples");
    let total: u64 = parts.values().sum();
    let part = parts.get(&category).copied().unwrap_or_default();
    (total > 0).then(|| part as f64 / total as f64)
}

/// An upper bound must not be rounded down to less than it is.
fn percent(share: f64) -> String {
    let percent = (share * 100.0).clamp(0.0, 100.0);
    match percent {
        none if none <= 0.0 => "0 %".to_owned(),
        small if small < 1.0 => "1 %".to_owned(),
        // A share that is whole must not become the next one for a rounding error.
        percent => format!("{} %", (percent - 1e-9).ceil()),
    }
}
