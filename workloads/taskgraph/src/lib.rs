//! A central scheduler of task graphs, as Dask's and its port to Rust, rsds, with workers that answer at once,
//! but for tasks that take their time.
//!
//! A [`client::Client`] submits a [`graph`]. The [`server`]'s reactor keeps the tasks in a [`table::Table`], asks the
//! [`scheduler`], which runs apart from it, where to compute those whose inputs are there, and tells the workers in messages
//! of [`protocol`]. A [`worker`] of this workload computes nothing and answers at once, or sleeps for as long as a task takes, so
//! that all that is left is the scheduler's own cost per task.
//!
//! The *story* form grows with its workers: it looks at all of them for every task. The *cured* form does not, and differs in
//! three [`Switches`], two of which are no cure at all: they make their component faster and change nothing end to end.

pub mod client;
pub mod cluster;
pub mod graph;
pub mod placement;
pub mod protocol;
pub mod scheduler;
pub mod server;
pub mod stealing;
pub mod switches;
pub mod table;
pub mod worker;

pub use cluster::Cluster;
pub use switches::Switches;
