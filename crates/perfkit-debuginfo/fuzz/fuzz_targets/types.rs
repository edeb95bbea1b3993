//! Arbitrary bytes as a file whose types are read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::read_types(fuzz::file(bytes)));
