//! Crawls a site of some thousand pages.

use feature_not_used::{Site, Visited, crawl};
use perfkit::{Bench, Case, Units};

perfkit::main!(feature_not_used);

const SITE: Site = Site {
    pages: 8_000,
    links: 9,
};
const AT_ONCE: usize = 16;
const PAGES: u64 = 7_959;
const DIGEST: u64 = 0xd6cb_89cb_20ed_33ca;

fn feature_not_used(bench: &mut Bench) {
    bench
        .workload("feature-not-used")
        .set_up(async |_: &Case| SITE)
        .units(|_| Units::items(PAGES))
        .iterate(async |site: &mut Site| crawl(*site, AT_ONCE).await)
        .check(|_, visited: &Visited| {
            if visited.pages == PAGES && visited.digest == DIGEST {
                Ok(())
            } else {
                Err(format!("unexpected: {visited:x?}"))
            }
        });
}
