//! Hands forms on to a journal, on the allocator that the gateway ships with.

use perfkit::{Bench, Case, Units};
use slower_allocator::{Journal, forms, run};

perfkit::main!(allocator = std::alloc::System, gateway);

const FORMS: u64 = 2_000;
const EXPECTED: Journal = Journal {
    lines: 1_950,
    refused: 50,
    bytes: 1_017_551,
    checksum: 4_704_968_932_583_973_031,
};

fn gateway(bench: &mut Bench) {
    bench
        .workload("slower-allocator")
        .set_up(async |_: &Case| forms(FORMS))
        .units(|_| Units::items(FORMS))
        .iterate(async |forms: &mut Vec<String>| run(forms).await)
        .check(|_, journal| {
            if *journal == EXPECTED {
                Ok(())
            } else {
                Err(format!("expected {EXPECTED:?}, got {journal:?}"))
            }
        });
}
