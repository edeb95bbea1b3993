//! A pipeline of four vertices over raw video: in → filter-resize → inference → out.
//!
//! Vertices are joined by buffers of encoded messages ([`buffer`]). The two in the middle keep their work in a
//! user-defined function behind a long-lived stream in both directions ([`protocol`], [`mapper`], [`udf`]), as a
//! dataplane does that runs functions of any language. A raw 1080p frame is 6,220,800 B, so each `to_vec()` on
//! that way is a copy of six megabytes, and the *story* form has many. The *cured* form hands on slices and
//! reserves what it needs; each cure is a switch of its own ([`Switches`]).

pub mod buffer;
pub mod detect;
pub mod grpc;
pub mod mapper;
pub mod message;
pub mod pipeline;
pub mod protocol;
pub mod resize;
pub mod switches;
pub mod udf;
pub mod video;
pub mod y4m;

pub use pipeline::{Feed, Pipeline};
pub use switches::Switches;
pub use video::Video;
