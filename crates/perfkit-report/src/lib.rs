//! Renders runs and comparisons of cargo perfkit as terminal text, JSON, flamegraphs and HTML.
//!
//! One module per format, and one function in each: `render`, from a [`View`] into a writer. Rendering
//! is pure: it reads nothing, asks no clock and draws no random number, so the same view gives the same
//! bytes. It judges nothing either; what is better and worse was decided by the comparison.
//!
//! Names come from symbol tables of other people's programs. Every format escapes what would be markup,
//! a terminal sequence or an invisible character in it.

mod digest;
pub mod folded;
pub mod history;
pub mod html;
pub mod json;
pub mod lint;
pub mod markdown;
pub mod pprof;
pub mod svg;
pub mod terminal;
mod text;
pub mod types;

use std::io;

use perfkit_model::comparison::Comparison;
use perfkit_model::history::{History, Step};
use perfkit_model::run::{CaseId, Run};

/// What a report shows.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The run that is reported, with the stacks of its cases filled in where they were taken.
    pub run: &'a Run,
    /// What it was compared with, where that is at hand.
    pub base: Option<&'a Run>,
    /// What the comparison says.
    pub comparison: &'a Comparison,
    /// What the branch measured before, where that is at hand.
    pub trend: Option<Trend<'a>>,
}

/// The history of the branch that a run belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Trend<'a> {
    /// Entries, oldest first. The run itself may be the last of them.
    pub history: &'a History,
    /// Steps of the run's cases, found by the comparison; in any order.
    pub steps: &'a [Step],
}

/// Which stacks to draw, for the formats that show one metric of one case.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Case of the view's run. One that the run does not have gives an empty drawing.
    pub case: &'a CaseId,
    /// Metric id, as `heap.bytes`.
    pub metric: &'a str,
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The writer refused.
    #[error("write the report")]
    Write(#[from] io::Error),
    /// The data has no JSON form.
    #[error("turn the run into JSON")]
    Json(#[from] serde_json::Error),
    /// Inferno could not draw the stacks.
    #[error("draw the flamegraph of {metric}")]
    Draw {
        /// Metric id.
        metric: String,
        /// What inferno said.
        #[source]
        source: io::Error,
    },
}
