//! Takes timings of two sides in turn until enough is known. A round is of three fresh processes that iterate in turns, and
//! of programs with their sections in another order, where they can be linked again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use perfkit_compare::policy::limits::Limits;
use perfkit_compare::timing::{Gate, LOOKS};
use perfkit_model::interleaved::{Interleaved, Round};
use perfkit_model::lens::Pass;
use perfkit_model::part::{Part, Reply};
use perfkit_model::request::Action;
use perfkit_model::run::{Outcome, PassRecord};

use crate::build::Executable;
use crate::child::{self, Answer};
use crate::link_orders::{self, Shuffle};
use crate::measure::{self, Manner, Taken};
use crate::merge;
use crate::plan::{self, Job};
use crate::turns::{self, Entrant};

/// Metrics that are taken, whether or not a rule judges them.
const METRICS: [&str; 2] = ["time.cpu", "time.wall"];

/// What is judged, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// Metrics that decide when to stop, with their limits.
    pub(crate) judged: &'a [(&'static str, Limits)],
    /// How many cases are compared in all.
    pub(crate) cases: usize,
    /// Id of the base's run.
    pub(crate) base: &'a str,
    /// Orders that programs are linked in.
    pub(crate) shuffle: Shuffle,
    /// Time for one case. The round that is under way when it ends is finished.
    pub(crate) budget: Duration,
}

/// One case of one side, and what was measured of it so far.
#[derive(Debug)]
pub(crate) struct Contender<'a, 'm> {
    /// What to run.
    pub(crate) job: &'m Job<'a>,
    /// How.
    pub(crate) manner: &'m Manner<'m>,
    /// Where it goes.
    pub(crate) taken: &'m mut Taken,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Base,
    Head,
    Control,
}

/// Measures a case of both sides in turn. A process that fails is a record of its side and ends the session.
pub(crate) fn interleave(
    base: &mut Contender<'_, '_>,
    head: &mut Contender<'_, '_>,
    terms: &Terms<'_>,
) -> anyhow::Result<()> {
    let mut rounds: Vec<[Part; 3]> = Vec::new();
    let mut parts = Sides::default();
    let mut outcome = Outcomes::default();
    let mut orders = Orders::new(base.job.executable, head.job.executable, terms.shuffle);
    let mut way = Way::InTurns;
    let mut spent = Duration::ZERO;
    while !is_enough(&rounds, orders.count(), head.job, terms) && spent < terms.budget {
        // The first orders are linked in any case, as the build is.
        let mut started = Instant::now();
        orders.reach(rounds.len());
        if rounds.is_empty() {
            started = Instant::now();
        }
        let executables = orders.pair(rounds.len());
        let Some(round) = round(base, head, executables, &mut way, &mut outcome)? else {
            break;
        };
        spent += started.elapsed();
        rounds.push(round);
    }
    orders.tidy();
    let seconds = spent.as_secs_f64();
    for [of_base, of_head, control] in &rounds {
        parts.base.extend([of_base.clone(), control.clone()]);
        parts.head.push(of_head.clone());
    }
    let sides = [
        (&mut base.taken.case, parts.base, outcome.base),
        (&mut head.taken.case, parts.head, outcome.head),
    ];
    for (case, parts, outcome) in sides {
        merge::measurements(case, Pass::Time, &parts);
        case.passes.push(PassRecord {
            pass: Pass::Time,
            seconds,
            iterations: parts.iter().map(|part| part.iterations.len() as u32).sum(),
            outcome,
            notes: vec![way.note(parts.len()), orders.note()],
        });
    }
    head.taken.case.interleaved = METRICS
        .into_iter()
        .map(|metric| interleaved(metric, &rounds, orders.count(), terms.base))
        .filter(|interleaved| !interleaved.rounds.is_empty())
        .collect();
    Ok(())
}

/// The programs of both sides in the orders of their sections that were linked so far.
#[derive(Debug)]
struct Orders<'a> {
    built: (&'a Executable, &'a Executable),
    shuffle: Shuffle,
    linked: Vec<(Executable, Executable)>,
    /// Why there are no more.
    end: Option<String>,
}

impl<'a> Orders<'a> {
    /// Orders that stay for other cases of the same programs: as many as most of them need.
    const KEPT: usize = 20;

    fn new(base: &'a Executable, head: &'a Executable, shuffle: Shuffle) -> Self {
        Self {
            built: (base, head),
            shuffle,
            linked: Vec::new(),
            end: None,
        }
    }

    /// Sees to it that every round up to the next look has an order of its own, as far as there are any.
    fn reach(&mut self, round: usize) {
        let wanted = LOOKS
            .into_iter()
            .find(|look| *look > round)
            .unwrap_or(round);
        if round < self.linked.len() || self.end.is_some() {
            return;
        }
        let orders = self.linked.len() as u32..wanted as u32;
        let link = |executable: &Executable| -> Result<Vec<Executable>, String> {
            let paths = link_orders::link(&executable.path, self.shuffle, orders.clone())?;
            let program = |path| Executable {
                path,
                ..executable.clone()
            };
            Ok(paths.into_iter().map(program).collect())
        };
        match link(self.built.0).and_then(|base| Ok((base, link(self.built.1)?))) {
            Ok((base, head)) => self.linked.extend(base.into_iter().zip(head)),
            Err(reason) => self.end = Some(reason),
        }
    }

    fn count(&self) -> u32 {
        self.linked.len().max(1) as u32
    }

    /// The programs of the round with this number.
    fn pair(&self, round: usize) -> (&Executable, &Executable) {
        let order = round % self.linked.len().max(1);
        self.linked
            .get(order)
            .map_or(self.built, |(base, head)| (base, head))
    }

    /// Removes the orders that are seldom needed.
    fn tidy(&self) {
        let later = self.linked.iter().skip(Self::KEPT);
        for program in later.flat_map(|(base, head)| [base, head]) {
            // Another case of the same program may have removed it.
            drop(std::fs::remove_file(&program.path));
        }
    }

    fn note(&self) -> String {
        match (self.linked.len(), &self.end) {
            (0, Some(reason)) => {
                format!(
                    "as they were linked, because {reason}: where code lies may be what differs"
                )
            }
            (count, _) => format!("linked with their sections in {count} orders"),
        }
    }
}

#[derive(Debug, Default)]
struct Sides {
    base: Vec<Part>,
    head: Vec<Part>,
}

#[derive(Debug)]
struct Outcomes {
    base: Outcome,
    head: Outcome,
}

impl Default for Outcomes {
    fn default() -> Self {
        Self {
            base: Outcome::Measured,
            head: Outcome::Measured,
        }
    }
}

/// Whether all that is judged is decided. Only asked at certain numbers of rounds: asking after each would sooner or later
/// meet a chance.
fn is_enough(rounds: &[[Part; 3]], orders: u32, job: &Job<'_>, terms: &Terms<'_>) -> bool {
    if rounds.len() >= LOOKS[LOOKS.len() - 1] {
        return true;
    }
    LOOKS.contains(&rounds.len())
        && terms.judged.iter().all(|(metric, limits)| {
            let gate = Gate::of(*limits, &job.id, terms.cases);
            let interleaved = interleaved(metric, rounds, orders, terms.base);
            gate.judge(&interleaved.rounds, orders).is_decided()
        })
}

/// How the processes of a round run.
#[derive(Debug)]
enum Way {
    /// At the same time, iterating in turns.
    InTurns,
    /// One after the other, and why.
    OneByOne(String),
}

impl Way {
    fn note(&self, processes: usize) -> String {
        match self {
            Self::InTurns => {
                format!("{processes} processes iterated in turns with the other side's")
            }
            Self::OneByOne(reason) => format!(
                "{processes} processes, one after the other, which takes longer to tell from noise: at the same time as others one failed ({reason})"
            ),
        }
    }
}

/// One process each of base, head and control; `None` where one failed.
fn round(
    base: &Contender<'_, '_>,
    head: &Contender<'_, '_>,
    executables: (&Executable, &Executable),
    way: &mut Way,
    outcomes: &mut Outcomes,
) -> anyhow::Result<Option<[Part; 3]>> {
    if let Way::InTurns = way {
        let taken = in_turns(base, head, executables)?;
        measure::check_interrupt()?;
        match taken {
            Ok(parts) => return Ok(Some(parts)),
            // A workload that cannot run twice at once, as with a port of its own, may run alone.
            Err(reason) => *way = Way::OneByOne(reason),
        }
    }
    one_by_one(base, head, executables, outcomes)
}

fn in_turns(
    base: &Contender<'_, '_>,
    head: &Contender<'_, '_>,
    (of_base, of_head): (&Executable, &Executable),
) -> anyhow::Result<Result<[Part; 3], String>> {
    turns::take([
        entrant(base, of_base),
        entrant(head, of_head),
        entrant(base, of_base),
    ])
}

fn entrant<'e>(contender: &'e Contender<'_, '_>, executable: &'e Executable) -> Entrant<'e> {
    Entrant {
        executable,
        request: plan::sample(contender.job, contender.manner.processors),
        surroundings: contender.manner.surroundings,
        work: contender.manner.work,
    }
}

/// In random order.
fn one_by_one(
    base: &Contender<'_, '_>,
    head: &Contender<'_, '_>,
    (of_base, of_head): (&Executable, &Executable),
    outcomes: &mut Outcomes,
) -> anyhow::Result<Option<[Part; 3]>> {
    let mut order = [Turn::Base, Turn::Head, Turn::Control];
    fastrand::shuffle(&mut order);
    let mut parts: [Option<Part>; 3] = [None, None, None];
    for turn in order {
        let (contender, executable, outcome) = match turn {
            Turn::Base | Turn::Control => (base, of_base, &mut outcomes.base),
            Turn::Head => (head, of_head, &mut outcomes.head),
        };
        match sample(contender, executable)? {
            Ok(part) => parts[turn as usize] = Some(part),
            Err(failed) => {
                *outcome = failed;
                return Ok(None);
            }
        }
        measure::check_interrupt()?;
    }
    let [Some(base), Some(head), Some(control)] = parts else {
        return Ok(None);
    };
    Ok(Some([base, head, control]))
}

/// One process.
fn sample(
    contender: &Contender<'_, '_>,
    executable: &Executable,
) -> anyhow::Result<Result<Part, Outcome>> {
    let manner = contender.manner;
    let request = plan::sample(contender.job, manner.processors);
    let answer = child::ask(
        executable,
        Action::Measure(request),
        manner.surroundings,
        manner.work,
    )?;
    Ok(match answer {
        Answer::Reply(Reply::Part(part)) => Ok(*part),
        Answer::Reply(_) => Err(measure::another_question()),
        Answer::Failed(outcome) => Err(outcome),
    })
}

/// The rounds of one metric.
fn interleaved(metric: &str, rounds: &[[Part; 3]], orders: u32, base: &str) -> Interleaved {
    Interleaved {
        metric: metric.to_owned(),
        base: base.to_owned(),
        orders,
        rounds: rounds
            .iter()
            .filter_map(|parts| round_of(metric, parts))
            .collect(),
    }
}

/// What a round says of a metric.
///
/// In turns a disturbance meets all three processes, but seldom all of their turns, and there the middle of the turns'
/// ratios is that of undisturbed ones. Processes that ran one after the other are told apart from what disturbed them by
/// their least iterations: a disturbance only ever adds.
fn round_of(metric: &str, [base, head, control]: &[Part; 3]) -> Option<Round> {
    let turns = [base, head, control].map(|part| by_turn(part, metric));
    let [of_base, of_head, of_control] = &turns;
    let is_in_turns =
        !of_base.is_empty() && turns.iter().all(|values| values.len() == of_base.len());
    if !is_in_turns {
        return Some(Round {
            base: least(&base.iterations, metric)?,
            head: least(&head.iterations, metric)?,
            control: least(&control.iterations, metric)?,
        });
    }
    let middle = merge::median(of_base);
    let scaled = |values: &[f64]| {
        let ratios = values.iter().zip(of_base).map(|(value, base)| value / base);
        middle * merge::median(&ratios.collect::<Vec<f64>>())
    };
    Some(Round {
        base: middle,
        head: scaled(of_head),
        control: scaled(of_control),
    })
}

/// The least value of each turn.
fn by_turn(part: &Part, metric: &str) -> Vec<f64> {
    let mut rest = &part.iterations[..];
    let mut values = Vec::with_capacity(part.turns.len());
    for count in &part.turns {
        let (turn, later) = rest.split_at((*count as usize).min(rest.len()));
        values.extend(least(turn, metric));
        rest = later;
    }
    values
}

fn least(iterations: &[BTreeMap<String, f64>], metric: &str) -> Option<f64> {
    let values = iterations.iter().filter_map(|row| row.get(metric));
    values.copied().min_by(f64::total_cmp)
}
