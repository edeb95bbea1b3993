//! `cargo xtask alarms`: how often timings of equal code are called different, and how surely real growth is found.
//!
//! The before sides of the seeded pairs are compared with themselves at another path and with a function nobody calls in
//! every crate, so that they are linked anew; on a machine that does nothing else, or, every other time with the very same
//! programs, beside as many busy threads as there are processors. What comes of every comparison is a line of `reports/alarms.csv`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use perfkit_model::comparison::{Judgement, Row};

use crate::truth::sides::{self, Sides};
use crate::truth::{self, Command, expect};

/// Cases that are compared at once: so few that each has the probability of a false alarm that a single one has.
const AT_ONCE: usize = 8;
/// Pairs with a known growth of CPU time, and the seconds that may take.
const POWER: [(&str, &str); 2] = [("cpu-5-percent", "15"), ("cpu-3-percent", "60")];

/// Part by which instructions of equal code may differ.
const SAME_CODE: f64 = 0.001;

/// What stands for workloads whose machine code differs.
const OTHERWISE: &str = "compiled otherwise";

/// Header of the raw results.
const HEADER: &str =
    "what,linked,machine,workload,runtime,said,effect %,low %,high %,pairs,control %,seconds\n";

/// What else the machine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    Quiet,
    Loaded,
}

impl Machine {
    const ALL: [Self; 2] = [Self::Quiet, Self::Loaded];

    fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Loaded => "loaded",
        }
    }

    /// Comparisons of each of [`POWER`] for every time that all cases are compared with themselves.
    fn power(self) -> usize {
        match self {
            Self::Quiet => 6,
            Self::Loaded => 1,
        }
    }
}

/// Compares everything so many times and writes both files.
pub(crate) fn alarms(root: &Path, times: &str, machine: &str) -> anyhow::Result<String> {
    let times: usize = times.parse().context("how often is a number")?;
    let machine = Machine::ALL
        .into_iter()
        .find(|known| known.word() == machine)
        .context("the machine is `quiet` or `loaded`")?;
    let root = root
        .canonicalize()
        .context("failed to open the repository")?;
    let raw = root.join("reports/alarms.csv");
    let mut lines = std::fs::read_to_string(&raw).unwrap_or_else(|_| HEADER.to_owned());
    if times == 0 {
        return conclude(&root, &lines);
    }
    let pairs = expect::read(&root.join(truth::SEEDED), &[])?;
    let command = Command::build(&root)?;
    let sides = sides::assemble(&root, &root.join(truth::SEEDED), &pairs)?;
    let quiet: Vec<&str> = pairs
        .iter()
        .filter(|pair| !pair.expected.is_out_of_sight())
        .map(|pair| pair.name.as_str())
        .collect();
    let otherwise = compiled_otherwise(&command, &sides)?;
    let _load = (machine == Machine::Loaded).then(Load::begin);
    for time in 0..times {
        // Under load half are the very same programs. Without it those have nothing that could differ.
        let (linked, other) = match (machine, time % 2) {
            (Machine::Loaded, 1) => ("once", &sides.base),
            _ => ("anew", &sides.relinked),
        };
        for names in quiet.chunks(AT_ONCE) {
            let arguments = [&["--lens", "time"], names].concat();
            let (report, took) = command.compare(&sides.head, (&sides.base, other), &arguments)?;
            for row in &report.comparison.rows {
                let each = took / report.run.cases.len().max(1) as u32;
                let linked = match linked {
                    "anew" if otherwise.contains(&row.case.workload) => OTHERWISE,
                    linked => linked,
                };
                add(&mut lines, ("same", linked, machine.word()), row, each);
            }
            write(&raw, &lines)?;
        }
        for (name, seconds) in POWER {
            for _ in 0..machine.power() {
                let arguments = ["--lens", "time", "--time-budget", seconds, name];
                let (report, took) =
                    command.compare(&sides.head, (&sides.base, &sides.head), &arguments)?;
                for row in &report.comparison.rows {
                    let cases = report.run.cases.len().max(1) as u32;
                    add(
                        &mut lines,
                        ("grown", "anew", machine.word()),
                        row,
                        took / cases,
                    );
                }
                write(&raw, &lines)?;
            }
        }
    }
    conclude(&root, &lines)
}

/// Writes what all lines come to.
fn conclude(root: &Path, lines: &str) -> anyhow::Result<String> {
    let text = summary(lines)?;
    write(&root.join("reports/alarms.md"), &text)?;
    Ok(text)
}

/// Workloads whose machine code is another one in the workspace that is linked anew: a function that nobody calls makes the
/// compiler inline other functions elsewhere. They execute other numbers of instructions and are no equal code.
fn compiled_otherwise(command: &Command, sides: &Sides) -> anyhow::Result<BTreeSet<String>> {
    let arguments = ["--lens", "instructions"];
    let (report, _) = command.compare(&sides.head, (&sides.base, &sides.relinked), &arguments)?;
    let differs = |row: &&Row| {
        let (Some(base), Some(head)) = (row.base, row.head) else {
            return false;
        };
        row.metric == "instructions.count" && (head - base).abs() > SAME_CODE * base
    };
    let rows = report.comparison.rows.iter().filter(differs);
    Ok(rows.map(|row| row.case.workload.clone()).collect())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// Threads that keep every processor busy while this value lives.
struct Load(Arc<AtomicBool>);

impl Load {
    fn begin() -> Self {
        let busy = Arc::new(AtomicBool::new(true));
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..count {
            let busy = Arc::clone(&busy);
            std::thread::spawn(move || {
                let mut state = 1_u64;
                while busy.load(Ordering::Relaxed) {
                    for _ in 0..10_000 {
                        state =
                            std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005) + 1);
                    }
                }
            });
        }
        Self(busy)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

fn add(lines: &mut String, what: (&str, &str, &str), row: &Row, took: Duration) {
    let Some(estimate) = row.estimate.filter(|_| row.metric == "time.cpu") else {
        return;
    };
    let said = match row.judgement {
        Judgement::Same => "same",
        Judgement::Better => "better",
        Judgement::Worse => "worse",
        Judgement::NotJudged { .. } => "not judged",
    };
    let percent = |ratio: f64| 100.0 * ratio;
    // Writing to a string cannot fail.
    let _written = writeln!(
        lines,
        "{},{},{},{},{},{said},{:.2},{:.2},{:.2},{},{:.2},{:.1}",
        what.0,
        what.1,
        what.2,
        row.case.workload,
        row.case.runtime,
        percent(estimate.effect),
        percent(estimate.low),
        percent(estimate.high),
        estimate.pairs,
        percent(estimate.control),
        took.as_secs_f64()
    );
}

/// What all lines come to.
fn summary(lines: &str) -> anyhow::Result<String> {
    let rows: Vec<Vec<&str>> = lines
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    if rows.iter().any(|row| row.len() != 12) {
        bail!("reports/alarms.csv is damaged: remove it and measure again");
    }
    let mut text = String::from(
        "# False alarms, and what is found\n\n\
         CPU time as `cargo perfkit compare --lens time` judges it, of the seeded workloads against themselves and of known growth.\n\
         `cargo xtask alarms TIMES quiet|loaded` adds to [alarms.csv](alarms.csv) and writes this file. The bound is the one below which the\n\
         true rate lies with 95 % confidence (Clopper, Pearson 1934). A function that nobody calls makes the compiler inline other\n\
         functions in some workloads; those execute other instructions and stand in a line of their own.\n\n\
         | equal code | machine | comparisons | called worse | bound | called better | not judged |\n\
         |:--|:--|--:|--:|--:|--:|--:|\n",
    );
    let select = |fits: &dyn Fn(&Vec<&str>) -> bool| -> Vec<&Vec<&str>> {
        rows.iter().filter(|row| fits(row)).collect()
    };
    for (linked, machine) in [
        ("anew", "quiet"),
        ("once", "loaded"),
        ("anew", "loaded"),
        ("all", "all"),
        (OTHERWISE, "all"),
    ] {
        let chosen = select(&|row| {
            row[0] == "same"
                && (row[1] == linked || (linked == "all" && row[1] != OTHERWISE))
                && (row[2] == machine || machine == "all")
        });
        let said = |word: &str| chosen.iter().filter(|row| row[5] == word).count();
        let _written = writeln!(
            text,
            "| {} | {machine} | {} | {} | {:.2} % | {} | {} |",
            match linked {
                OTHERWISE => OTHERWISE.to_owned(),
                linked => format!("linked {linked}"),
            },
            chosen.len(),
            said("worse"),
            100.0 * upper_bound(said("worse"), chosen.len()),
            said("better"),
            said("not judged")
        );
    }
    text.push_str(
        "\n| known growth | machine | comparisons | found | missed | not judged | seconds, median |\n|:--|:--|--:|--:|--:|--:|--:|\n",
    );
    for (name, _) in POWER {
        for machine in Machine::ALL.map(Machine::word) {
            let chosen = select(&|row| row[0] == "grown" && row[2] == machine && row[3] == name);
            let said = |word: &str| chosen.iter().filter(|row| row[5] == word).count();
            let mut seconds: Vec<f64> = chosen
                .iter()
                .filter_map(|row| row[11].parse().ok())
                .collect();
            seconds.sort_by(f64::total_cmp);
            let _written = writeln!(
                text,
                "| {name} | {machine} | {} | {} | {} | {} | {} |",
                chosen.len(),
                said("worse"),
                said("same") + said("better"),
                said("not judged"),
                seconds
                    .get(seconds.len() / 2)
                    .map_or("-".to_owned(), |value| format!("{value:.1}"))
            );
        }
    }
    Ok(text)
}

/// The rate for which `events` or fewer in `trials` have a probability of 5 %.
fn upper_bound(events: usize, trials: usize) -> f64 {
    if trials == 0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let rate = f64::midpoint(low, high);
        if at_most(events, trials, rate) > 0.05 {
            low = rate;
        } else {
            high = rate;
        }
    }
    high
}

/// Probability of at most so many events.
fn at_most(events: usize, trials: usize, rate: f64) -> f64 {
    let mut term = (1.0 - rate).powi(trials as i32);
    let mut sum = term;
    for event in 1..=events.min(trials) {
        term *=
            (trials - event + 1) as f64 / event as f64 * rate / (1.0 - rate).max(f64::MIN_POSITIVE);
        sum += term;
    }
    sum
}
