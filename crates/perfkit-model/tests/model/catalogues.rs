//! The catalogues are public API: their ids are unique, well formed, and refer to each other.

use std::collections::BTreeSet;

use perfkit_model::lens::{LENSES, Pass, lens};
use perfkit_model::metric::{Cost, Direction, METRICS, Noise, Unit, metric};

#[test]
fn every_metric_is_found_by_its_id() {
    for row in METRICS {
        assert_eq!(metric(row.id), Some(row));
    }
    assert_eq!(metric("no.such"), None);
}

#[test]
fn every_lens_is_found_by_its_id() {
    for row in LENSES {
        assert_eq!(lens(row.id), Some(row));
    }
    assert_eq!(lens("no-such"), None);
}

#[test]
fn no_id_or_title_occurs_twice() {
    for words in [
        METRICS.iter().map(|metric| metric.id).collect::<Vec<_>>(),
        METRICS.iter().map(|metric| metric.title).collect(),
        LENSES.iter().map(|lens| lens.id).collect(),
        Pass::ALL.map(Pass::as_str).to_vec(),
    ] {
        let distinct: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(distinct.len(), words.len(), "{words:?}");
    }
}

#[test]
fn metric_ids_are_dotted_kebab_case() {
    for metric in METRICS {
        let words: Vec<&str> = metric.id.split('.').collect();
        assert_eq!(words.len(), 2, "{}", metric.id);
        for letter in words.concat().chars() {
            assert!(
                letter.is_ascii_lowercase() || letter == '-',
                "{}",
                metric.id
            );
        }
    }
}

#[test]
fn every_metric_has_a_lens_and_every_lens_that_counts_a_metric() {
    for metric in METRICS {
        assert!(
            lens(metric.lens).is_some(),
            "{} names {}",
            metric.id,
            metric.lens
        );
    }
    for lens in LENSES {
        // dhat writes a file for its own viewer, types are no values of a case, a load has steps, and stages are many.
        let has_metric = METRICS.iter().any(|metric| metric.lens == lens.id);
        let is_without = matches!(lens.id, "dhat" | "load" | "stages" | "types");
        assert_eq!(has_metric, !is_without, "{}", lens.id);
    }
}

#[test]
fn every_pass_has_a_lens_and_a_word_that_serde_knows() {
    for pass in Pass::ALL {
        assert!(LENSES.iter().any(|lens| lens.pass == Some(pass)));
        assert_eq!(serde_json::to_value(pass).unwrap(), pass.as_str());
    }
}

#[test]
fn timings_are_noisy_and_what_is_judged_says_what_it_is() {
    for metric in METRICS {
        if metric.unit == Unit::Nanoseconds {
            assert_eq!(
                (metric.noise, metric.cost),
                (Noise::Noisy, Cost::Time),
                "{}",
                metric.id
            );
        }
        if metric.noise == Noise::Exact {
            assert_eq!(metric.direction, Direction::LowerIsBetter, "{}", metric.id);
        }
        assert!(metric.help.ends_with('.'), "{}", metric.id);
    }
    for lens in LENSES {
        for text in [lens.how, lens.blind, lens.platforms] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}", lens.id);
        }
    }
}
