//! Splits records into fragments on distinct storage servers and puts them together again to answer queries.
//!
//! The system exists in two forms. The *story* form is a plausible first port to async Rust: one error variant
//! keeps a whole fragment inline, queries carry their filter by value, storage is layers of `Box<dyn DynStorage>`
//! and every header field is a write of its own. The *cured* form differs in exactly those four places, and each
//! is a switch of its own ([`Switches`]), so that the cost of each can be seen apart.
//!
//! A record's path: [`split::split`] disperses it into one fragment per server and spawns
//! [`split::store_fragment`] for each; a [`server::Server`] checks it and keeps it in blocks
//! ([`store::FragmentStore`]), through [`layers`] over its [`storage`]. A query's path: [`query::answer`] finds the
//! records that pass its filter and lets [`reassemble::reassemble`] fetch and join their fragments. Both paths return
//! `Result<_, DistriErr>` through join handles, where a value really moves.

pub mod cluster;
pub mod cured;
pub mod dispersal;
pub mod error;
pub mod frame;
pub mod input;
pub mod layers;
pub mod link;
pub mod query;
pub mod reassemble;
pub mod record;
pub mod server;
pub mod split;
pub mod storage;
pub mod store;
pub mod story;
pub mod switches;
pub mod wire;

pub use cluster::Cluster;
pub use input::{Input, Shape};
pub use switches::Switches;
pub use wire::Transport;
