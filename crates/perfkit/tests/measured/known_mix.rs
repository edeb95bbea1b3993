//! CPU samples, against a program that knows how much CPU time each of its parts has used.

use perfkit_model::category::Category;
use perfkit_model::stacks::Frame;

use crate::place::Place;
use crate::run::weighted;

#[path = "../fixtures/known-mix/src/shares.rs"]
mod shares;

/// Most points by which a share may be off.
const TOLERANCE: f64 = 3.0;
/// More than the thousand that a pass is to take: one that fails by chance is worth less than one more pass. On a
/// busy machine a pass gets fewer samples than it should.
const SAMPLES: u64 = 3_000;
const MOST_RUNS: usize = 12;

/// Functions whose own instructions are not what they are about: their time is in what they call.
const SPENT_BELOW: [(&str, Category); 3] = [
    ("copy", Category::Memcpy),
    ("allocate", Category::Allocator),
    ("read_zeros", Category::Kernel),
];

/// Samples by stack, over as many runs as it takes.
fn sampled() -> Vec<(Vec<Frame>, u64)> {
    let place = Place::known_mix();
    let mut samples = Vec::new();
    for _ in 0..MOST_RUNS {
        // A program that the machine kept from having its shares says so, and says nothing about the samples.
        let run = match place.attempt(&["known-mix", "--lens", "cpu"]) {
            Ok(run) => run,
            Err(failed) => {
                eprintln!("{failed}");
                continue;
            }
        };
        let stacks = weighted(&run.cases[0].stacks, "cpu.samples");
        let owned = stacks
            .into_iter()
            .map(|(path, count)| (path.into_iter().cloned().collect(), count));
        samples.extend(owned);
        if total(&samples) >= SAMPLES {
            break;
        }
    }
    samples
}

fn total(samples: &[(Vec<Frame>, u64)]) -> u64 {
    samples.iter().map(|(_, count)| count).sum()
}

/// Percent of the samples whose stack fits.
fn share(samples: &[(Vec<Frame>, u64)], fits: impl Fn(&[Frame]) -> bool) -> f64 {
    let fitting = samples.iter().filter(|(path, _)| fits(path));
    let fitting: u64 = fitting.map(|(_, count)| count).sum();
    100.0 * fitting as f64 / total(samples) as f64
}

#[test]
fn shares_are_those_of_the_cpu_clock() {
    let samples = sampled();
    let count = total(&samples);
    assert!(count >= SAMPLES, "only {count} samples in {MOST_RUNS} runs");
    let mut wrong = Vec::new();
    let mut check = |what: String, share: f64, expected: u32| {
        eprintln!("{what:<24} {share:>6.2} % of {count} samples, {expected} % of the CPU time");
        if (share - f64::from(expected)).abs() > TOLERANCE {
            wrong.push(what);
        }
    };
    for (name, expected) in shares::SHARES {
        let function = format!("known_mix::{name}");
        let below = SPENT_BELOW.iter().find(|(other, _)| *other == name);
        match below {
            // By function, and by the category of what is called: only this part calls such.
            Some((_, category)) => {
                let called = |path: &[Frame]| path.iter().any(|frame| frame.name == function);
                check(format!("below {name}"), share(&samples, called), expected);
                let spent =
                    |path: &[Frame]| path.last().is_some_and(|leaf| leaf.category == *category);
                check(category.to_string(), share(&samples, spent), expected);
            }
            // The innermost function, which for `stir` is an inlined one.
            None => {
                let inside = |path: &[Frame]| path.last().is_some_and(|leaf| leaf.name == function);
                check(name.to_owned(), share(&samples, inside), expected);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "more than {TOLERANCE} points off: {wrong:?}"
    );
}
