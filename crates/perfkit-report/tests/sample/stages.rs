//! What went through the stages of a case.

use perfkit_model::load::Latency;
use perfkit_model::stage::{Slice, Stage, Stages, Times};

/// Splitting takes twice as long as in the base, most of it in what writes.
pub(super) fn stages(is_head: bool) -> Stages {
    let factor = if is_head { 2.0 } else { 1.0 };
    let times = |typical: f64| Times {
        total: 64.0 * typical,
        percentiles: Latency {
            p50: typical,
            p90: 1.5 * typical,
            p99: 2.0 * typical,
            p999: 2.5 * typical,
            max: 3.0 * typical,
        },
        histogram: vec![(typical as u64, 63), (3 * typical as u64, 1)],
    };
    let stage = |name: &str, line, bytes, busy: f64| Stage {
        name: name.to_owned(),
        label: name.rsplit('/').next().unwrap_or(name).to_owned(),
        depth: name.matches('/').count() as u32,
        busy_by_itself: if name == "split" { 0.3 } else { 1.0 } * 64.0 * busy,
        file: "workloads/ddsplit/src/split.rs".to_owned(),
        line,
        spans: 64,
        items: 64,
        bytes,
        busy: 64.0 * busy,
        queueing: times(4e3),
        processing: times(1.2 * busy),
        most_pending: 3,
        over_time: [0.5, 0.9, 0.2]
            .map(|part| Slice {
                items: 21,
                bytes: bytes / 3,
                busy: 64.0 * busy * part / 1.6,
                pending: 3,
            })
            .to_vec(),
    };
    Stages {
        iterations: 2,
        seconds: 0.03 * factor,
        slice_seconds: 0.01 * factor,
        stages: vec![
            stage("split", 12, 6_400_000, 3e5 * factor),
            stage("split/write_block", 31, 6_400_000, 2e5 * factor),
            stage("<query>", 77, 0, 4e4),
        ],
    }
}
