//! Where the `main` of a bench target begins.

use std::process::ExitCode;

use crate::bench::Bench;
use crate::{child, plain, process};

/// What [`main!`](crate::main) knows about the place it was written.
#[derive(Debug)]
pub struct Origin {
    /// The allocator that was wrapped, or `none`.
    pub allocator: &'static str,
    /// Crate name of the bench target.
    pub target: &'static str,
}

/// Answers a request of `cargo perfkit` where there is one, and runs as an ordinary bench target otherwise.
#[must_use]
pub fn start(declare: &[fn(&mut Bench)], origin: &Origin) -> ExitCode {
    perfkit_hooks::marker::keep();
    let mut bench = Bench::default();
    for function in declare {
        function(&mut bench);
    }
    if let Some(code) = process::run(&bench) {
        return code;
    }
    match std::env::var_os(perfkit_model::request::REQUEST_VARIABLE) {
        Some(request) => child::answer(request.as_ref(), &bench, origin),
        None => plain::run(&bench, origin),
    }
}
