//! Tests of the public boundary, with data.

mod anatomy;
mod causes;
mod environment;
mod exponents;
mod findings;
mod history;
mod lint;
mod noise;
mod pairing;
mod policy;
mod properties;
mod rules;
mod run_builder;
mod story;
mod together;
