//! Scrapes the metrics of all tenants.

use missing_capacity::Metrics;
use perfkit::{Bench, Case, Units};

perfkit::main!(scrapes);

const TENANTS: usize = 160;
const SAMPLES: usize = 240;

fn scrapes(bench: &mut Bench) {
    bench
        .workload("missing-capacity")
        .set_up(async |_: &Case| Metrics::generate(TENANTS, SAMPLES))
        .units(|_| Units::items((TENANTS * SAMPLES) as u64))
        .iterate(async |metrics: &mut Metrics| metrics.scrape_all().await)
        .check(|metrics, scraped| {
            let expected = metrics.expected();
            if *scraped == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {scraped:?}"))
            }
        });
}
