//! The command as its users meet it: a process with arguments, exit codes, two streams and files.
//!
//! Every test runs the built command in a copy of a small workspace (`tests/fixtures`) and compares its whole
//! output with a snapshot. The dependencies of those workspaces are built once for all tests.
#![cfg(target_os = "linux")]

mod baselines;
mod builds;
mod catalogue;
mod comparing;
mod failures;
mod history;
mod init;
mod interruptions;
mod judging;
mod lint;
mod loads;
mod matrix;
mod outcome;
mod processes;
mod reports;
mod repository;
mod sandbox;
mod stages;
mod types;
mod usage;
mod without_the_command;
