//! How costs grow with the argument of a workload, as sentences.

use perfkit_model::comparison::{Exponent, Growth};
use perfkit_model::metric::metric;
use perfkit_model::run::{Case, CaseId};

use crate::{View, text};

/// Exponents below this are no growth that anybody would see.
const NOTABLE: f64 = 0.05;

/// One sentence for each workload and metric that grows, and for the CPU time of those that do not.
pub(crate) fn sentences(view: &View<'_>) -> Vec<String> {
    let growths = view.comparison.growth.iter();
    growths
        .filter(|growth| is_notable(growth))
        .map(|growth| sentence(view, growth))
        .collect()
}

fn is_notable(growth: &Growth) -> bool {
    let grows = |exponent: &Exponent| exponent.low > NOTABLE;
    growth.metric == "time.cpu" || grows(&growth.head) || growth.base.as_ref().is_some_and(grows)
}

fn sentence(view: &View<'_>, growth: &Growth) -> String {
    let (from, to) = growth.args;
    let title = metric(&growth.metric).map_or(growth.metric.as_str(), |metric| metric.title);
    let base = growth.base.as_ref().map(power);
    let base = base
        .map(|base| format!("; base {base}"))
        .unwrap_or_default();
    let is_one = |case: &&Case| {
        let id = CaseId {
            arg: None,
            ..case.id.clone()
        };
        id == growth.case
    };
    let mut cases = view.run.cases.iter().filter(is_one);
    let unit = match cases.any(|case| case.units.items > 0) {
        true => "item",
        false => "iteration",
    };
    format!(
        "`{}` from {from} to {to}: {title} per {unit} grows as {}{base}",
        text::name(&growth.case.to_string(), 80),
        power(&growth.head)
    )
}

/// `n^0.61 (0.48 to 0.74)`.
fn power(exponent: &Exponent) -> String {
    format!(
        "n^{:.2} ({:.2} to {:.2})",
        exponent.value, exponent.low, exponent.high
    )
}
