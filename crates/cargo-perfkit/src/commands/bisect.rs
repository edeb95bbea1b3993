//! `cargo perfkit bisect`: which commit made something worse.

use std::collections::BTreeSet;

use perfkit_model::comparison::{Comparison, Judgement, Level, Verdict};
use perfkit_model::metric::metric;
use perfkit_model::quantity::Quantity;
use perfkit_model::run::CaseId;

use crate::cli::{BisectArgs, CompareArgs, Format, Global};
use crate::commands::compare::Measuring;
use crate::failure::{Exit, Failure, counted};
use crate::revision::{self, Revision};
use crate::session::{self, Home};
use crate::side::{Source, Which};
use crate::{progress, settings, store};

/// Part of the whole growth that a commit has to show to be one of the bad ones. What grew in several steps is found at the
/// one that makes up the better half.
const HALF: f64 = 0.5;

/// Runs the command.
pub(crate) fn bisect(global: &Global, args: &BisectArgs) -> anyhow::Result<Exit> {
    let (workspace, rustc) = session::ask(global)?;
    let (settings, policy) = settings::load(&workspace.root)?;
    let commits = revision::between(&workspace, &args.good, &args.bad)?;
    let home = Home {
        workspace: &workspace,
        settings: &settings,
        rustc: &rustc,
    };
    let _lock = store::lock(&workspace)?;
    let good = Source::of_revision(&workspace, &commits.good, Which::Base)?;
    let comparing = args.comparing();
    let measuring = Measuring {
        home,
        args: &comparing,
        policy: &policy,
    };
    let newest = commits.later.last().unwrap_or(&commits.good);
    progress::status(
        "Bisecting",
        &format!(
            "{} after {}",
            counted(commits.later.len(), "commit"),
            commits.good.short()
        ),
    );
    let whole = comparison(&measuring, &good, newest)?;
    let Some(wanted) = Wanted::of(&whole) else {
        return nothing_to_find(&whole, &commits.good, newest);
    };
    progress::status("Looking for", &wanted.words(&whole));

    let narrowed = wanted.narrowed(&comparing);
    let measuring = Measuring {
        args: &narrowed,
        ..measuring
    };
    let mut search = Search::new(commits.later.len());
    while let Some(index) = search.next() {
        let commit = &commits.later[index];
        progress::status(
            "Testing",
            &format!(
                "{} ({} left)",
                commit.short(),
                counted(search.left(), "commit")
            ),
        );
        let answer = match comparison(&measuring, &good, commit) {
            Ok(comparison) => wanted.is_in(&comparison),
            Err(error) if crate::interrupt::requested() => return Err(error),
            Err(error) => {
                progress::warn(&format!("{} is skipped: {error:#}", commit.short()));
                None
            }
        };
        search.learn(index, answer);
    }
    conclude(&search, &commits.later, &wanted, &whole)
}

fn conclude(
    search: &Search,
    commits: &[Revision],
    wanted: &Wanted,
    whole: &Comparison,
) -> anyhow::Result<Exit> {
    let suspects = &commits[search.good.map_or(0, |good| good + 1)..=search.bad];
    let mut text = String::new();
    if let [commit] = suspects {
        text.push_str(&format!(
            "{} is the first commit that is worse\n",
            commit.commit
        ));
    } else {
        text.push_str("the first commit that is worse is one of these; the others could not be measured or judged\n");
    }
    for commit in suspects {
        let about = commit.about().unwrap_or_default();
        text.push_str(&format!("  {} {about}\n", commit.short()));
    }
    text.push_str(&format!("\n{}\n", wanted.words(whole)));
    super::print(&text)?;
    Ok(if suspects.len() == 1 {
        Exit::Pass
    } else {
        Exit::NotJudged
    })
}

fn nothing_to_find(whole: &Comparison, good: &Revision, bad: &Revision) -> anyhow::Result<Exit> {
    match &whole.verdict {
        Verdict::NotJudged { reason } => {
            progress::warn(&format!("it cannot be told: {reason}"));
            Ok(Exit::NotJudged)
        }
        _ => Err(Failure::usage(format!(
            "nothing in {} is worse than in {}",
            bad.short(),
            good.short()
        ))
        .hint("name a commit before it got worse with `--good`, and one after with `--bad`; a filter chooses workloads")
        .into()),
    }
}

/// Compares the good commit with another.
fn comparison(
    measuring: &Measuring<'_>,
    good: &Source,
    commit: &Revision,
) -> anyhow::Result<Comparison> {
    let head = Source::of_revision(measuring.home.workspace, commit, Which::Head)?;
    let compared = measuring.both(good, &head)?;
    compared.discard(measuring.home.workspace);
    Ok(compared.comparison)
}

/// What got worse.
#[derive(Debug)]
enum Wanted {
    /// A metric of a case, and how much of it is half of the growth.
    Metric {
        case: CaseId,
        metric: String,
        half: f64,
        message: String,
    },
    /// A type.
    Type { name: String, message: String },
}

impl Wanted {
    /// The most important thing that fails the build.
    fn of(comparison: &Comparison) -> Option<Self> {
        let mut findings = comparison.findings.iter();
        let finding = findings.find(|finding| finding.level == Level::Deny);
        let of_metric = finding.map(|finding| Self::Metric {
            case: finding.case.clone(),
            metric: finding.metric.clone(),
            half: HALF * (finding.head - finding.base),
            message: finding.message.clone(),
        });
        of_metric.or_else(|| {
            let mut types = comparison.types.iter();
            let grown = types.find(|grown| grown.level == Level::Deny)?;
            Some(Self::Type {
                name: grown.type_name.clone(),
                message: grown.message.clone(),
            })
        })
    }

    /// Whether it is there already; `None` where that cannot be told.
    fn is_in(&self, comparison: &Comparison) -> Option<bool> {
        match self {
            Self::Type { name, .. } => {
                let of_findings = comparison
                    .findings
                    .iter()
                    .flat_map(|finding| &finding.because);
                let mut types = comparison.types.iter().chain(of_findings);
                Some(types.any(|grown| grown.type_name == *name && grown.level == Level::Deny))
            }
            Self::Metric {
                case, metric, half, ..
            } => {
                let mut rows = comparison.rows.iter();
                let row = rows.find(|row| row.case == *case && row.metric == *metric)?;
                match row.judgement {
                    Judgement::NotJudged { .. } => None,
                    Judgement::Same | Judgement::Better => Some(false),
                    Judgement::Worse => Some(row.head? - row.base? >= *half),
                }
            }
        }
    }

    /// Only what is looked for: one workload through one lens.
    fn narrowed(&self, args: &CompareArgs) -> CompareArgs {
        let mut args = args.clone();
        match self {
            Self::Metric {
                case, metric: id, ..
            } => {
                args.select.filters = vec![case.workload.clone()];
                args.select.build.package = vec![case.package.clone()];
                args.lens = metric(id)
                    .map(|row| row.lens.to_owned())
                    .into_iter()
                    .collect();
            }
            Self::Type { .. } => args.lens = vec!["types".to_owned()],
        }
        args
    }

    fn words(&self, whole: &Comparison) -> String {
        match self {
            Self::Type { message, .. } => message.clone(),
            Self::Metric {
                case,
                message,
                metric: id,
                half,
            } => {
                let unit = metric(id).map(|row| row.unit);
                let growth = unit.map(|unit| Quantity {
                    value: half / HALF,
                    unit,
                });
                let more = whole.findings.len().saturating_sub(1);
                let more = match more {
                    0 => String::new(),
                    more => format!("; {} besides", counted(more, "finding")),
                };
                format!(
                    "{case}: {message} ({} in all{more})",
                    growth.map_or(String::new(), |growth| growth.to_string())
                )
            }
        }
    }
}

/// A binary search in which some places give no answer.
#[derive(Debug)]
struct Search {
    /// The last that is known to be good; none where only the base is.
    good: Option<usize>,
    /// The first that is known to be bad.
    bad: usize,
    skipped: BTreeSet<usize>,
}

impl Search {
    /// Among `count` commits, of which the last is bad.
    fn new(count: usize) -> Self {
        Self {
            good: None,
            bad: count.saturating_sub(1),
            skipped: BTreeSet::new(),
        }
    }

    fn first(&self) -> usize {
        self.good.map_or(0, |good| good + 1)
    }

    /// Commits that may still be the first bad one, the known bad one left out.
    fn left(&self) -> usize {
        self.bad - self.first()
    }

    /// The one nearest to the middle that may still say something.
    fn next(&self) -> Option<usize> {
        let middle = (self.first() + self.bad.saturating_sub(1)) / 2;
        (self.first()..self.bad)
            .filter(|index| !self.skipped.contains(index))
            .min_by_key(|index| index.abs_diff(middle))
    }

    /// Takes an answer: bad, good or none.
    fn learn(&mut self, index: usize, is_bad: Option<bool>) {
        match is_bad {
            Some(true) => self.bad = index,
            Some(false) => self.good = Some(index),
            None => {
                self.skipped.insert(index);
            }
        }
    }
}

impl BisectArgs {
    /// What every comparison on the way is asked for.
    fn comparing(&self) -> CompareArgs {
        CompareArgs {
            base: self.good.clone(),
            head: Some(self.bad.clone()),
            select: self.select.clone(),
            lens: self.lens.clone(),
            variant: self.variant.clone(),
            time_budget: self.time_budget,
            quick: true,
            noise_threshold: None,
            git_bisect: false,
            format: Format::Terminal,
            open: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Search;

    /// Searches among commits of which some cannot be judged, and returns the suspects.
    fn search(count: usize, first_bad: usize, skipped: &[usize]) -> (usize, usize, usize) {
        let mut search = Search::new(count);
        let mut tests = 0;
        while let Some(index) = search.next() {
            tests += 1;
            let answer = (!skipped.contains(&index)).then_some(index >= first_bad);
            search.learn(index, answer);
        }
        (search.first(), search.bad, tests)
    }

    #[test]
    fn the_first_bad_one_is_found() {
        for count in 1..70 {
            for first_bad in 0..count {
                let (first, bad, tests) = search(count, first_bad, &[]);
                assert_eq!((first, bad), (first_bad, first_bad));
                assert!(tests <= count.ilog2() as usize + 1, "{tests} for {count}");
            }
        }
    }

    #[test]
    fn what_gives_no_answer_stays_suspect() {
        assert_eq!(search(9, 4, &[3]), (3, 4, 4));
        assert_eq!(search(9, 4, &[2, 3]).0, 2);
        // Skipped ones that do not touch the boundary do not matter.
        let (first, bad, _) = search(9, 6, &[1, 2]);
        assert_eq!((first, bad), (6, 6));
        let (first, bad, _) = search(3, 2, &[0, 1]);
        assert_eq!((first, bad), (0, 2));
    }
}
