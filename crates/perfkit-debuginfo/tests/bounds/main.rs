//! Small files that claim to be large: what they share, repeat or nest would take minutes or gigabytes if it were read as
//! often as it is named. The fuzz targets in `fuzz/` look for more of them.

mod made;
mod symbols;
mod types;
