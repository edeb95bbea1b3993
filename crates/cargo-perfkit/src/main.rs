//! `cargo perfkit`: from an async workload to a judged, explained measurement.
//!
//! Arguments become settings, settings a build, the build's children a run, the run a comparison, the
//! comparison reports and an exit code. Each of those steps is a module of this crate.

mod baselines;
mod build;
mod callgrind;
mod cargo_config;
mod child;
mod cli;
mod commands;
mod compiler_listing;
mod environment;
mod failure;
mod history;
mod interleave;
mod interrupt;
mod link_orders;
mod marker;
mod matrix;
mod measure;
mod merge;
mod parallel;
mod plan;
mod progress;
mod rendered;
mod revision;
mod rustc;
mod session;
mod settings;
mod side;
mod sources;
mod store;
mod symbols;
mod targets;
mod turns;
mod type_tables;
mod types_text;
mod workspace;
mod wrapper;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The same binary stands in for rustc and for its linker while it builds workloads.
    if let Some(code) = link_orders::run_as_linker().or_else(wrapper::run_as_rustc) {
        return code;
    }
    cli::main()
}
