//! What two measurements of one metric say, by noise class.

use perfkit_model::comparison::{Estimate, Judgement};
use perfkit_model::metric::Noise;
use perfkit_model::run::Measurement;

use crate::policy::limits::Limits;
use crate::timing::{Decision, Timing};

/// What two measurements of one metric say.
#[derive(Debug)]
pub(crate) struct Opinion {
    pub(crate) judgement: Judgement,
    /// Smallest growth of the base that would have been worse; `None` where nothing could be.
    pub(crate) smallest_effect: Option<f64>,
    /// Where it was estimated.
    pub(crate) estimate: Option<Estimate>,
}

impl Opinion {
    /// Not judged, and why.
    pub(crate) fn none(reason: impl Into<String>) -> Self {
        Self {
            judgement: Judgement::NotJudged {
                reason: reason.into(),
            },
            smallest_effect: None,
            estimate: None,
        }
    }
}

/// Spreads that a near-exact value has to leave behind.
///
/// The spread is the range of a handful of iterations. A later iteration of the same code falls outside
/// that range now and then, but not by another two of them.
const SPREADS: f64 = 3.0;

/// Judges `head` against `base`. Swapping the two swaps better and worse, by construction.
///
/// `class` is the metric's own noise class, which its rule's limits are made for. Values that fall short of it have
/// them widened.
pub(crate) fn judge(
    class: Noise,
    base: &Measurement,
    head: &Measurement,
    limits: Limits,
) -> Opinion {
    let noise = base.noise.max(head.noise);
    let limits = if noise == Noise::NearExact && class == Noise::Exact {
        limits.widened()
    } else {
        limits
    };
    let band = match noise {
        Noise::Exact => Ok(0.0),
        Noise::NearExact => band(base, head),
        Noise::Noisy => Err(TIMINGS.to_owned()),
    };
    let band = match band {
        Ok(_) if !(base.value.is_finite() && head.value.is_finite()) => {
            Err("a value is not a number".to_owned())
        }
        band => band,
    };
    match band {
        Ok(band) => Opinion {
            judgement: if is_worse(base.value, head.value, limits, band) {
                Judgement::Worse
            } else if is_worse(head.value, base.value, limits, band) {
                Judgement::Better
            } else {
                Judgement::Same
            },
            smallest_effect: Some(smallest_effect(base.value, limits, band)),
            estimate: None,
        },
        Err(reason) => Opinion::none(reason),
    }
}

/// Why a timing is only shown.
pub(crate) const TIMINGS: &str =
    "timings are compared only inside one session: `cargo perfkit compare`";

/// What the session says that measured both sides in turn.
pub(crate) fn judge_timing(
    base: &Measurement,
    head: &Measurement,
    timing: &Timing,
    limits: Limits,
) -> Opinion {
    let Some(estimate) = timing.estimate else {
        return Opinion::none("there are too few pairs of processes for an interval");
    };
    let percent = |ratio: f64| format!("{:+.1} %", 100.0 * ratio);
    let growth = (head.value - base.value).abs();
    let judgement = match timing.decision {
        // What takes no time worth a word may grow by any ratio.
        Decision::Worse | Decision::Better if growth < limits.hard => Judgement::Same,
        Decision::Worse => Judgement::Worse,
        Decision::Better => Judgement::Better,
        Decision::Same => Judgement::Same,
        // Whether it got better is open, and no reason to fail a gate.
        Decision::Open if timing.excludes_growth => Judgement::Same,
        Decision::Open => Judgement::NotJudged {
            reason: format!(
                "after {} pairs the change may be anything from {} to {}; a quieter machine, more time (`--time-budget`) or a larger limit would decide",
                estimate.pairs,
                percent(estimate.low),
                percent(estimate.high)
            ),
        },
        Decision::ControlFailed => Judgement::NotJudged {
            reason: format!(
                "the A/A control failed: the base differs from itself by {}",
                percent(estimate.control)
            ),
        },
    };
    Opinion {
        judgement,
        smallest_effect: timing
            .smallest_effect
            .map(|effect| (effect * base.value).max(limits.hard)),
        estimate: Some(estimate),
    }
}

/// Growth that is still noise.
fn band(base: &Measurement, head: &Measurement) -> Result<f64, String> {
    let mut widest = 0.0_f64;
    for side in [base, head] {
        if side.noise == Noise::NearExact && side.samples.len() < 2 {
            return Err("the iterations differ and their spread was not recorded".to_owned());
        }
        if !side.samples.iter().all(|sample| sample.is_finite()) {
            return Err("a sample is not a number".to_owned());
        }
        widest = widest.max(side.spread());
    }
    Ok(SPREADS * widest)
}

fn is_worse(base: f64, head: f64, limits: Limits, band: f64) -> bool {
    let growth = head - base;
    // Relative to the smaller side, so that what grew one way shrank the other way. It also makes growth
    // from nothing a matter of the hard limit alone; no ratio to zero is ever taken.
    growth > 0.0 && growth > limits.soft * base.abs() && growth > band && growth >= limits.hard
}

/// Values are counts and bytes, so the next whole step above the limits is what would have shown.
fn smallest_effect(base: f64, limits: Limits, band: f64) -> f64 {
    let beyond = (limits.soft * base.abs()).max(band).floor() + 1.0;
    beyond.max(limits.hard.ceil())
}
