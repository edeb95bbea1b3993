//! The measuring itself, held against valgrind, against dhat, and against programs whose answer is known; and the
//! story it all is for.
//!
//! Everything here goes the way of a user: the command builds the bench targets, and their binaries are asked
//! through request files. The first run builds them, which takes a while; the tests themselves take seconds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::print_stderr,
    reason = "the figures are worth reading also when they pass"
)]

mod annotated;
mod copies;
mod fixture;
mod heap;
mod instructions;
mod known_mix;
mod machine_code;
mod panics;
mod place;
mod program;
mod repeats;
mod run;
mod story;
