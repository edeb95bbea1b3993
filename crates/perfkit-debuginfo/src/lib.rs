//! Reads the debug info of a measured binary: raw addresses to logical async stacks, categories and
//! moved types.
//!
//! # What it gives
//!
//! A [`symboliser::Symboliser`] takes the addresses a child process recorded and answers what a person would
//! call the stack: inline frames expanded, `{closure#0}` turned back into the `async fn` it is the body of,
//! executor and standard library plumbing gone, a spawned task as the root of everything it polls, and one
//! category per frame. Where the compiler annotated moves (`-Zannotate-moves`) the leaf of a copy is the type
//! that was moved.
//!
//! # What it costs
//!
//! The executable is read whole and only the compilation units that own an asked address are parsed. Answers
//! are cached for all later stacks, and [`cache::SymbolCache`] carries them to the next run of the same
//! build, which then opens no file.
//!
//! # What it cannot see
//!
//! Code without symbols is shown as unknown, never hidden and never guessed. Dependencies built with line
//! tables only have no module path in their debug info; it is rebuilt from the path of the source file.
//! Move annotations exist only where the compiler was asked for them; without one no type is claimed.

mod attributes;
mod bounds;
pub mod cache;
pub mod categories;
pub mod code;
pub mod code_size;
mod compressed;
pub mod files;
mod image;
mod inlined;
pub mod logical;
mod modules;
pub mod names;
pub mod problem;
pub mod symboliser;
pub mod types;
pub mod workspace;
