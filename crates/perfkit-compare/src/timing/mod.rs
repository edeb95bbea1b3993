//! Judges timings of two builds that were measured in turn, and says when enough was measured.
//!
//! Every pair of processes gives the logarithm of a ratio, so that swapping the sides changes its sign and scaling both
//! changes nothing. Their [shift](signed_rank) is the effect, and its interval is held against two numbers: growth up to
//! [`Gate::floor`] is what nobody has to mend, and growth from [`Gate::detect`] on is what is looked for.
//!
//! - The whole interval is beyond the floor: it got worse (or better).
//! - The whole interval is nearer to nothing than what is looked for: it is the same.
//! - Otherwise it is open, and more pairs are worth their time. Where that is over and what is looked for can be ruled out as
//!   growth, it is no worse, and only how much better it got stays open.
//!
//! The same processes hold an A/A control: the base against itself. A session in which that differs judges nothing.
//!
//! Where the programs were linked with their sections in many orders, what is compared is orders: further pairs of an order
//! that was measured before make that order surer and count for no further one.

pub mod signed_rank;

use perfkit_model::comparison::{Estimate, Level};
use perfkit_model::interleaved::Round;
use perfkit_model::metric::{METRICS, Noise};
use perfkit_model::run::CaseId;

use crate::policy::Policy;
use crate::policy::limits::Limits;
use crate::rules::{Change, rule_for};

/// When to look at what was measured: numbers of pairs. Looking after each would make it likelier to see something by
/// chance at one of them.
pub const LOOKS: [usize; 10] = [10, 12, 15, 20, 28, 40, 56, 80, 112, 160];

/// Probability with which one end of an interval may be wrong at one look, for a single case. With 10 pairs
/// the smallest that can be had is 1 in 1,024.
const ALPHA: f64 = 0.001;

/// The same for all cases of a comparison together.
const FAMILY_ALPHA: f64 = 0.01;

/// What is looked for, in floors.
const DETECT: f64 = 3.0;

/// Threads of a multi-thread runtime meet in another way in every process: its CPU time varies by up to 1.6 %, that of one
/// thread by 0.6 %.
const MULTI_THREAD: f64 = 2.0;

/// The noisy metrics that this policy judges, with their limits.
#[must_use]
pub fn judged(policy: &Policy) -> Vec<(&'static str, Limits)> {
    let noisy = METRICS.iter().filter(|metric| metric.noise == Noise::Noisy);
    noisy
        .filter_map(|metric| {
            let rule = rule_for(metric, Change::Grew)?.row;
            (policy.level(rule) != Level::Allow).then(|| (metric.id, policy.limits(rule)))
        })
        .collect()
}

/// What timings are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Relative growth that is no change: 0.01 is 1 %.
    pub floor: f64,
    /// Relative growth that is looked for; smaller growth may be found, and is not waited for.
    pub detect: f64,
    /// Probability with which one end of the interval may be wrong.
    pub alpha: f64,
}

/// What a session says.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// The numbers; `None` where there are too few for an interval.
    pub estimate: Option<Estimate>,
    /// What they mean.
    pub decision: Decision,
    /// Whether it did not grow by what is looked for, however much it may have shrunk.
    pub excludes_growth: bool,
    /// The smallest relative growth that would have been called worse; `None` where nothing could be.
    pub smallest_effect: Option<f64>,
}

/// What the numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It grew.
    Worse,
    /// It shrank.
    Better,
    /// Whatever it changed by is less than what is looked for.
    Same,
    /// It may be either.
    Open,
    /// The base differs from itself.
    ControlFailed,
}

impl Gate {
    /// The gate of one of `cases` cases, with growth up to `floor` (a fraction above 0) as no change.
    ///
    /// The more cases there are, the surer each has to be, so that all together raise no more false alarms than a few.
    #[must_use]
    pub fn new(floor: f64, cases: usize) -> Self {
        Self {
            floor,
            detect: DETECT * floor,
            alpha: ALPHA.min(FAMILY_ALPHA / cases.max(1) as f64),
        }
    }

    /// The gate of a case, one of `cases`, for a metric with these limits.
    #[must_use]
    pub fn of(limits: Limits, case: &CaseId, cases: usize) -> Self {
        let threads = if case.runtime == "current_thread" {
            1.0
        } else {
            MULTI_THREAD
        };
        Self::new(limits.soft * threads, cases)
    }

    /// What these rounds say, of programs that were linked in so many orders. Rounds with a value that is not a positive
    /// number are left out.
    #[must_use]
    pub fn judge(&self, rounds: &[Round], orders: u32) -> Timing {
        let is_usable = |(_, round): &(usize, &Round)| {
            let values = [round.base, round.head, round.control];
            values
                .into_iter()
                .all(|value| value.is_finite() && value > 0.0)
        };
        let rounds: Vec<(usize, &Round)> = rounds.iter().enumerate().filter(is_usable).collect();
        let ratios = |value: fn(&Round) -> f64| -> Vec<f64> {
            let ratio = |round: &Round| value(round).ln() - round.base.ln();
            let each = rounds.iter().map(|(at, round)| (*at, ratio(round)));
            match orders {
                0 | 1 => each.map(|(_, ratio)| ratio).collect(),
                orders => by_order(each, orders as usize),
            }
        };
        let effect = signed_rank::shift(&ratios(|round| round.head), self.alpha);
        let control = signed_rank::shift(&ratios(|round| round.control), self.alpha);
        let is_bounded = |shift: &signed_rank::Shift| shift.low.is_finite();
        let (Some(effect), Some(control)) = (effect.filter(is_bounded), control.filter(is_bounded))
        else {
            return Timing {
                estimate: None,
                decision: Decision::Open,
                excludes_growth: false,
                smallest_effect: None,
            };
        };
        let (floor, detect) = (self.floor.ln_1p(), self.detect.ln_1p());
        let decision = if control.low > floor || control.high < -floor {
            Decision::ControlFailed
        } else if effect.low > floor {
            Decision::Worse
        } else if effect.high < -floor {
            Decision::Better
        } else if effect.high < detect && effect.low > -detect {
            Decision::Same
        } else {
            Decision::Open
        };
        Timing {
            estimate: Some(Estimate {
                effect: effect.estimate.exp_m1(),
                low: effect.low.exp_m1(),
                high: effect.high.exp_m1(),
                pairs: rounds.len() as u32,
                control: control.estimate.exp_m1(),
            }),
            decision,
            excludes_growth: decision != Decision::ControlFailed && effect.high < detect,
            smallest_effect: Some((floor + effect.estimate - effect.low).exp_m1()),
        }
    }
}

/// The mean of each order.
fn by_order(ratios: impl Iterator<Item = (usize, f64)>, orders: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); orders];
    for (at, ratio) in ratios {
        let (sum, count) = &mut sums[at % orders];
        *sum += ratio;
        *count += 1;
    }
    let measured = sums.into_iter().filter(|(_, count)| *count > 0);
    measured
        .map(|(sum, count)| sum / f64::from(count))
        .collect()
}

impl Timing {
    /// Whether more pairs would say nothing new: asked at each of [`LOOKS`].
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.decision != Decision::Open
    }
}
