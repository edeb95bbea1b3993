//! The table.

use std::time::Duration;

use perfkit_model::run::Run;

use crate::truth::Control;
use crate::truth::expect::Expectation;
use crate::truth::outcome::{Outcome, Verdict};

/// Pairs that may wait for a lens that does not exist yet.
const MOST_OUT_OF_SIGHT: usize = 6;

/// What the pairs come to.
#[derive(Debug, Default)]
struct Sums {
    judged: usize,
    missed: usize,
    first: usize,
    within_three: usize,
    silent: usize,
    false_alarms: usize,
    exact_false_alarms: usize,
    not_yet: usize,
}

impl Sums {
    fn of(outcomes: &[Outcome]) -> Self {
        let mut sums = Self::default();
        for outcome in outcomes {
            let verdict = outcome.verdict();
            let is_regression = matches!(
                outcome.pair.expected.expect,
                Expectation::Regression | Expectation::TradeOff
            );
            if verdict == Verdict::NotYetJudged {
                sums.not_yet += 1;
                continue;
            }
            sums.false_alarms += usize::from(verdict == Verdict::FalseAlarm);
            if is_regression {
                sums.judged += 1;
                sums.missed += usize::from(verdict == Verdict::Missed);
                sums.first += usize::from(outcome.rank == Some(1));
                sums.within_three += usize::from(outcome.rank.is_some_and(|rank| rank <= 3));
            } else {
                sums.silent += 1;
                let is_exact = outcome.said.iter().any(|said| said.is_exact);
                sums.exact_false_alarms += usize::from(is_exact);
            }
        }
        sums
    }
}

/// The table as Markdown.
pub(crate) fn render(
    outcomes: &[Outcome],
    controls: &[Control],
    run: &Run,
    took: Duration,
) -> String {
    let sums = Sums::of(outcomes);
    let mut text = String::from(
        "# The truth table\n\n\
         Changes whose effect is known ([workloads/seeded](../workloads/seeded)), and what `cargo perfkit compare` said of\n\
         them. `cargo xtask truth` measures it anew and writes this file; when a rule changes, `cargo xtask generate` judges\n\
         the same measurement ([recorded.json.gz](../workloads/seeded/recorded.json.gz)) again.\n\n",
    );
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!(
        "- regressions found: {} of {} judged; {} wait for a lens that sees tasks",
        sums.judged - sums.missed,
        sums.judged,
        sums.not_yet
    ));
    line(format!(
        "- the right cause named first: {} of {}; among the first three: {}",
        sums.first, sums.judged, sums.within_three
    ));
    line(format!(
        "- changes that make nothing worse: {}, false alarms: {}, of them from exact metrics: {}",
        sums.silent, sums.false_alarms, sums.exact_false_alarms
    ));
    for control in controls {
        line(format!(
            "- {}: {} cases, findings from exact metrics: {}",
            control.what,
            control.cases,
            control.findings.len()
        ));
    }
    line(format!(
        "- measured in {:.0} s, building both sides included, at {} with {} on {} processors",
        took.as_secs_f64(),
        run.environment.revision.as_deref().unwrap_or("no revision"),
        run.environment.rustc,
        run.environment.processors
    ));
    line("\n| pair | class | known as | said | cause named | first finding |\n|:--|:--|:--|:--|--:|:--|".to_owned());
    for outcome in outcomes {
        let verdict = match outcome.verdict() {
            Verdict::Right => "right",
            Verdict::Missed => "**missed**",
            Verdict::FalseAlarm => "**false alarm**",
            Verdict::NotYetJudged => "not yet judged",
        };
        let known = match outcome.pair.expected.expect {
            Expectation::Regression => "regression",
            Expectation::TradeOff => "trade-off",
            Expectation::Silent => "silent",
            Expectation::Improvement => "improvement",
        };
        let rank = match (outcome.rank, &outcome.pair.expected.cause) {
            (_, None) => String::new(),
            (Some(rank), Some(_)) => rank.to_string(),
            (None, Some(_)) => "no".to_owned(),
        };
        let first = outcome.said.first();
        line(format!(
            "| {} | {} | {known} | {verdict} | {rank} | {} |",
            outcome.pair.name,
            outcome.pair.expected.class,
            first.map_or(String::new(), |said| format!(
                "`{}`: {}",
                said.rule,
                said.message.replace('|', "\\|")
            ))
        ));
    }
    text
}

/// What falls short of what the gate promises.
pub(crate) fn shortfall(outcomes: &[Outcome], controls: &[Control]) -> Option<String> {
    let sums = Sums::of(outcomes);
    let share = |part: usize| part as f64 / sums.judged.max(1) as f64;
    let mut short = Vec::new();
    if sums.missed > 1 {
        short.push(format!("{} regressions were missed", sums.missed));
    }
    if share(sums.first) < 0.90 {
        short.push(format!(
            "the right cause came first in {} of {}",
            sums.first, sums.judged
        ));
    }
    if share(sums.within_three) < 0.97 {
        short.push(format!(
            "the right cause was among the first three in {} of {}",
            sums.within_three, sums.judged
        ));
    }
    if sums.false_alarms > 0 {
        short.push(format!("{} false alarms", sums.false_alarms));
    }
    if sums.not_yet > MOST_OUT_OF_SIGHT {
        short.push(format!("{} pairs are not judged", sums.not_yet));
    }
    for control in controls
        .iter()
        .filter(|control| !control.findings.is_empty())
    {
        short.push(format!("{}: {}", control.what, control.findings.join("; ")));
    }
    (!short.is_empty()).then(|| format!("short of what is promised: {}", short.join(", ")))
}
