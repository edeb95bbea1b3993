//! All-to-all exchange of `(u32, f32)` records between workers, routed by hash, in rounds.
//!
//! The communication plane of a data-parallel system: in every round each worker sends each record to the worker
//! that owns its key, in messages of a few hundred bytes, and then consumes what it got. The *story* form takes a
//! fresh `Vec<u8>` for every message. The *cured* form cuts messages out of slabs and hands them on as shared
//! slices; a slab is used again when the last reader has dropped its slice ([`slab::SlabPool`]).
//!
//! Records can also stay what they are ([`switches::Encoding::Typed`]), which shows what serialising costs apart
//! from any network. Two jobs run over the exchange: [`shuffle`] counts and sums, [`pagerank`] does
//! `ranks[record.0] += record.1`.

pub mod bridge;
pub mod buffers;
pub mod cluster;
pub mod pagerank;
pub mod plane;
pub mod record;
pub mod shuffle;
pub mod slab;
pub mod switches;

pub use cluster::Cluster;
pub use switches::Switches;
