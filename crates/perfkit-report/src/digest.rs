//! What every format shows of a view, worked out once: pairing, tables, shares and rankings.

pub(crate) mod cases;
pub(crate) mod growth;
pub(crate) mod load;
pub(crate) mod parts;
pub(crate) mod scale;
pub(crate) mod sites;
pub(crate) mod stages;
pub(crate) mod trend;
pub(crate) mod types;
pub(crate) mod verdict;
