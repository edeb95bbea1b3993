//! What is going on, on stderr: one live line on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::cli::{Color, Global};

static QUIET: OnceLock<bool> = OnceLock::new();

/// Decides once how to speak.
pub(crate) fn configure(global: &Global) {
    QUIET.get_or_init(|| global.quiet);
    // Our own diagnostics: PERFKIT_LOG=info says how long each step took, debug also what was run.
    let filter = tracing_subscriber::EnvFilter::try_from_env("PERFKIT_LOG").unwrap_or_default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stderr)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("a subscriber is already installed");
    }
}

/// Whether to colour what goes to stdout.
pub(crate) fn colours(global: &Global) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Whether progress is not wanted.
pub(crate) fn is_quiet() -> bool {
    *QUIET.get().unwrap_or(&false)
}

/// One finished fact, in cargo's shape: a right-aligned verb and what it was done to.
#[expect(
    clippy::print_stderr,
    reason = "the one place where progress is printed"
)]
pub(crate) fn status(verb: &str, what: &str) {
    if !is_quiet() {
        eprintln!("{verb:>12} {what}");
    }
}

/// Something the user should know, also when quiet.
#[expect(
    clippy::print_stderr,
    reason = "the one place where warnings are printed"
)]
pub(crate) fn warn(what: &str) {
    eprintln!("warning: {what}");
}

/// What another program said, as it is.
#[expect(clippy::print_stderr, reason = "cargo prints it there, too")]
pub(crate) fn quote(text: &str) {
    eprint!("{text}");
}

/// A long step with a known number of parts.
pub(crate) struct Steps {
    bar: ProgressBar,
    live: bool,
    verb: &'static str,
    done: u64,
    total: u64,
    started: Instant,
}

impl Steps {
    /// Begins.
    pub(crate) fn new(verb: &'static str, total: usize) -> Self {
        let live = !is_quiet() && std::io::stderr().is_terminal();
        let target = if live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        if let Ok(style) = ProgressStyle::with_template(&format!(
            "{verb:>12} [{{bar:24}}] {{pos}}/{{len}} {{msg}}"
        )) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            live,
            verb,
            done: 0,
            total: total as u64,
            started: Instant::now(),
        }
    }

    /// Says which part is next.
    pub(crate) fn next(&mut self, what: &str) {
        self.done += 1;
        if self.live {
            self.bar.set_position(self.done - 1);
            self.bar.set_message(what.to_owned());
        } else {
            status(self.verb, &format!("({}/{}) {what}", self.done, self.total));
        }
    }

    /// Ends with a summary.
    pub(crate) fn finish(self, verb: &str, what: &str) {
        self.bar.finish_and_clear();
        status(
            verb,
            &format!("{what} in {:.1} s", self.started.elapsed().as_secs_f64()),
        );
    }
}
