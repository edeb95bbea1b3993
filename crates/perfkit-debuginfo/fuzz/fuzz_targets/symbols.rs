//! Arbitrary bytes as a file whose symbols, inline frames and code sizes are read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzz::read_symbols(fuzz::file(bytes), &fuzz::addresses(bytes));
});
