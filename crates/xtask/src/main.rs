//! Chores of this repository: `cargo xtask …`.
//!
//! `generate` writes every file that is made from code, `generate --check` says which of them are stale, and
//! `new-rule` starts a rule. Nothing here is published.

mod alarms;
mod commands;
mod generate;
mod new_rule;
mod reference;
mod repeats;
mod schemas;
mod stories;
mod table;
mod truth;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::generate::Mode;

const USAGE: &str = "usage: cargo xtask <chore>

chores:
  alarms TIMES quiet|loaded
                    compare the seeded workloads with themselves, add to reports/alarms.csv and write reports/alarms.md
  generate          write the schemas and the reference
  generate --check  fail where one of them is stale
  repeats TIMES     whether exact values of the reference workloads are the same in so many runs, and how far those over
                    sockets spread; writes the table of workloads/README.md
  stories           compare the forms of the reference workloads and write the table of workloads/README.md
  truth [PAIR...]   measure the seeded pairs and write reports/truth.md; with names, only those and no file
  truth --controls  measure again what must find nothing: sides against themselves, and at another path
  new-rule ID       start a rule of perfkit-compare, ID in kebab-case
";

#[expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the one place of xtask that prints"
)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["generate"] => generate::generate(&root(), Mode::Write),
        ["generate", "--check"] => generate::generate(&root(), Mode::Check),
        ["new-rule", id] => new_rule::new_rule(&root(), id),
        ["truth", "--controls"] => truth::controls_again(&root()),
        ["truth", names @ ..] => truth::truth(&root(), names),
        ["stories"] => stories::stories(&root()),
        ["repeats", times] => repeats::repeats(&root(), times),
        ["alarms", times, machine] => alarms::alarms(&root(), times, machine),
        ["help" | "--help" | "-h"] => Ok(USAGE.to_owned()),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace: xtask is only ever run from a checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
