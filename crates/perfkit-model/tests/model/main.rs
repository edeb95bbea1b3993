//! The data through its public boundary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod catalogues;
mod categories;
mod golden;
mod load;
mod quantities;
mod schema;
mod stacks;
