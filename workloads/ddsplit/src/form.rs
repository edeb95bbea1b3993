//! The type-level half of the switches: which error and which query the pipeline is compiled for.
//!
//! The pipeline is written once and generic over a [`Form`]. The types that move keep their plain names
//! ([`crate::story::DistriErr`], [`crate::cured::DistriErr`]), because those names are what a report shows.

use crate::error::FragmentError;
use crate::query::Query;
use crate::{cured, story};

/// The error and the query type that one compiled copy of the pipeline uses.
pub trait Form: Send + Sync + 'static {
    /// What every fallible step returns.
    type Err: FragmentError;
    /// What the backlog holds.
    type Query: Query;
}

/// Error and query both inline.
#[derive(Debug)]
pub enum Story {}

/// Boxed error, inline query.
#[derive(Debug)]
pub enum BoxedError {}

/// Inline error, boxed query.
#[derive(Debug)]
pub enum BoxedQuery {}

/// Error and query both boxed.
#[derive(Debug)]
pub enum Cured {}

impl Form for Story {
    type Err = story::DistriErr;
    type Query = story::DistriQuery;
}

impl Form for BoxedError {
    type Err = cured::DistriErr;
    type Query = story::DistriQuery;
}

impl Form for BoxedQuery {
    type Err = story::DistriErr;
    type Query = cured::DistriQuery;
}

impl Form for Cured {
    type Err = cured::DistriErr;
    type Query = cured::DistriQuery;
}
