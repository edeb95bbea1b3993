//! Which step is the knee.

use perfkit_model::load::{Latency, LoadStep, knee};

/// A step of 1.5 seconds: rate, answers in time, and the 99th percentile in milliseconds.
fn step((rate, done, p99): (f64, u64, f64)) -> LoadStep {
    LoadStep {
        rate,
        seconds: 1.5,
        sent: (1.5 * rate).round() as u64,
        done,
        latency: Latency {
            p99: p99 * 1e6,
            ..Latency::default()
        },
        ..LoadStep::default()
    }
}

fn knee_of(steps: &[(f64, u64, f64)]) -> Option<usize> {
    let steps: Vec<LoadStep> = steps.iter().copied().map(step).collect();
    knee(&steps)
}

#[test]
fn the_last_step_before_the_explosion() {
    let measured = [
        (100.0, 150, 2.0),
        (200.0, 300, 2.2),
        (400.0, 597, 9.0),
        (800.0, 700, 180.0),
    ];
    assert_eq!(knee_of(&measured), Some(2));
    assert_eq!(knee_of(&measured[..3]), None, "it keeps up with everything");
    assert_eq!(knee_of(&measured[3..]), None, "it keeps up with nothing");
    assert_eq!(knee_of(&[]), None);
}

/// Throughput may hold while latency explodes, and a failure is no answer.
#[test]
fn latency_and_failures_count() {
    assert_eq!(knee_of(&[(100.0, 150, 3.0), (200.0, 299, 31.0)]), Some(0));
    assert_eq!(knee_of(&[(100.0, 150, 1.0), (200.0, 299, 19.0)]), None);
    let mut steps = [step((100.0, 150, 3.0)), step((200.0, 299, 3.0))];
    steps[1].failed = 1;
    assert_eq!(knee(&steps), Some(0));
}

/// Of eleven requests that take a tenth of a second one is under way when a step of 1.5 seconds ends.
#[test]
fn what_is_under_way_has_not_failed() {
    let slow = [
        (5.0, 8, 113.0),
        (7.07, 10, 111.0),
        (10.0, 14, 120.0),
        (14.1, 17, 1_500.0),
    ];
    assert_eq!(knee_of(&slow), Some(2));
    // Where nothing is answered in time, all of it is under way.
    assert_eq!(knee_of(&[(25.0, 1, 2_120.0), (35.0, 0, 3_100.0)]), None);
    assert!(!step((25.0, 1, 2_120.0)).keeps_up(&step((25.0, 1, 2_120.0))));
}
