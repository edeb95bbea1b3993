//! One file per pass. Each is a [`Meter`]: it is told when the body begins and ends, and fills a part.

pub(crate) mod count;
#[cfg(feature = "cpu")]
pub(crate) mod cpu;
#[cfg(feature = "dhat")]
pub(crate) mod dhat;
pub(crate) mod instructions;
#[cfg(feature = "stages")]
pub(crate) mod stages;
pub(crate) mod time;
mod turns;

use perfkit_model::part::Part;

use crate::drive::Failure;

/// Watches the iterations of one workload.
pub(crate) trait Meter {
    /// After set-up and warm-up, before the first measured iteration.
    fn prepare(&mut self) -> Result<(), Failure>;
    /// Whether another iteration is wanted. May wait until it is this process's turn.
    fn wants_more(&mut self) -> bool;
    /// The very last thing before the body is polled.
    fn begin(&mut self);
    /// The very first thing after the body is done.
    fn end(&mut self);
    /// After the output has been checked and dropped.
    fn settle(&mut self) {}
    /// After the last iteration, with the state still alive.
    fn stop(&mut self) {}
    /// Hands over what was measured, or says why that is nothing.
    fn fill(self: Box<Self>, part: &mut Part) -> Result<(), Failure>;
}
