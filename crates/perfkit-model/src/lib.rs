//! The data of cargo perfkit, and nothing else: no measuring, no judging, no drawing, no I/O.
//!
//! Data flows one way. A [`request::Request`] tells a child process what to measure; the child answers
//! with a [`part::Reply`] that holds raw addresses. Parts become a [`run::Run`], two runs become a
//! [`comparison::Comparison`], and a comparison is what every report draws.
//!
//! The catalogues are rows: a new metric is a row in [`metric::METRICS`], a new lens a row in
//! [`lens::LENSES`]. Planning, judging, reports and the reference documents read those rows.

pub mod category;
pub mod comparison;
pub mod environment;
pub mod history;
pub mod interleaved;
pub mod intervals;
pub mod layout;
pub mod lens;
pub mod lint;
pub mod load;
pub mod metric;
pub mod part;
pub mod quantity;
pub mod request;
pub mod run;
pub mod short_name;
pub mod stacks;
pub mod stage;
pub mod type_words;

/// Version of the run file. It grows when a reader of the old form would misread the new one.
pub const RUN_FORMAT: u32 = 1;

/// Version of the request and part files that the command and the library exchange.
pub const PROTOCOL: u32 = 1;
