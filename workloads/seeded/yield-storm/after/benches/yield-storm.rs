//! Compacts the segments of a log.

use bytes::Bytes;
use perfkit::{Bench, Case, Units};
use yield_storm::{Compacted, run, segments};

perfkit::main!(compaction);

const SEGMENTS: usize = 12;
const RECORDS: usize = 1_000;
const EXPECTED: Compacted = Compacted {
    records: SEGMENTS * RECORDS,
    keys: 906,
    bytes: 322_145,
    checksum: 3_581_452_297_670_904_214,
};

fn compaction(bench: &mut Bench) {
    bench
        .workload("yield-storm")
        .set_up(async |_: &Case| segments(SEGMENTS, RECORDS))
        .units(|_| Units::items((SEGMENTS * RECORDS) as u64))
        .iterate(async |segments: &mut Vec<Bytes>| run(segments).await)
        .check(|_, compacted| match compacted {
            Ok(compacted) if *compacted == EXPECTED => Ok(()),
            other => Err(format!("expected {EXPECTED:?}, got {other:?}")),
        });
}
