//! Verifies an archive with a few damaged blocks.

use std::sync::Arc;

use inline_error_variant::{BLOCK, Findings, example, verify};
use perfkit::{Bench, Case, Units};

perfkit::main!(archives);

const BLOCKS: usize = 1_500;
const WORKERS: usize = 4;

fn archives(bench: &mut Bench) {
    bench
        .workload("inline-error-variant")
        .set_up(async |_: &Case| example(BLOCKS))
        .units(|_| Units::items(BLOCKS as u64).and_bytes((BLOCKS * BLOCK) as u64))
        .iterate(async |archive: &mut Arc<Vec<Vec<u8>>>| verify(archive, WORKERS).await)
        .check(|_, findings| {
            let expected = Findings {
                sound: 1_470,
                digests: 5_181_145_833_474_309_167,
                truncated: 15,
                corrupt: 15,
                suspect: 88_359,
            };
            if *findings == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {findings:?}"))
            }
        });
}
