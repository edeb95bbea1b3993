//! Errors as people read them: what happened, why, and what to do next.

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing is wrong, or a plain `run` had nothing to judge.
    Pass,
    /// perfkit or a workload failed.
    Failed,
    /// The command line or the configuration cannot be understood.
    Usage,
    /// Something got worse.
    Regressed,
    /// Asked to judge, and could not.
    NotJudged,
}

impl Exit {
    /// What `git bisect run` understands: good, bad, cannot be tested, stop.
    pub(crate) fn for_git_bisect(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Pass => 0,
            Self::Regressed => 1,
            Self::Failed | Self::NotJudged => 125,
            Self::Usage => 128,
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Regressed => 3,
            Exit::NotJudged => 4,
        })
    }
}

/// An error with its remedy. Other errors may wrap it; the hints are printed wherever it is in the chain.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    message: String,
    hints: Vec<String>,
    exit: Exit,
}

impl Failure {
    /// Something went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
            exit: Exit::Failed,
        }
    }

    /// The user asked for something that is not there.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(message)
        }
    }

    /// Whether the user asked for something that is not there.
    pub(crate) fn is_usage(&self) -> bool {
        self.exit == Exit::Usage
    }

    /// The same as something that went wrong: what is missing is no mistake of the command line.
    pub(crate) fn not_usage(self) -> Self {
        Self {
            exit: Exit::Failed,
            ..self
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what another failure says to do about it.
    pub(crate) fn hints_of(mut self, error: &anyhow::Error) -> Self {
        let other = error.downcast_ref::<Self>();
        self.hints
            .extend(other.iter().flat_map(|other| other.hints.clone()));
        self
    }
}

/// A number with its word: `1 case`, `2 cases`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

/// Prints an error with its causes and hints on stderr.
#[expect(
    clippy::print_stderr,
    reason = "the one place where errors are printed"
)]
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
    // Asked of the error itself: a failure that is the context of another error is no link of its chain.
    let failure = error.downcast_ref::<Failure>();
    for hint in failure.iter().flat_map(|failure| &failure.hints) {
        eprintln!("hint: {hint}");
    }
    failure.map_or(Exit::Failed, |failure| failure.exit)
}

/// The name nearest to what was typed, for "did you mean".
pub(crate) fn nearest<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (distance(typed, name), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
