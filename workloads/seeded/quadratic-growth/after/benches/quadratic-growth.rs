//! Merges the pages of feeds.

use perfkit::{Bench, Case, Units};
use quadratic_growth::{Feed, Page, pages, run};

perfkit::main!(feeds);

const TENANTS: u64 = 8;
const CHANGES: u64 = 2_500;
const PAGE: u64 = 200;
/// Sum of the checksums of all feeds.
const CHECKSUM: u64 = 6_430_143_575_857_115_452;

fn feeds(bench: &mut Bench) {
    bench
        .workload("quadratic-growth")
        .set_up(async |_: &Case| {
            let pages = |tenant| pages(tenant, CHANGES, PAGE);
            (0..TENANTS).map(pages).collect::<Vec<_>>()
        })
        .units(|_| Units::items(TENANTS * CHANGES))
        .iterate(async |tenants: &mut Vec<Vec<Page>>| run(tenants).await)
        .check(|tenants, feeds| verify(tenants, feeds));
}

fn verify(tenants: &[Vec<Page>], feeds: &[Feed]) -> Result<(), String> {
    for (pages, feed) in tenants.iter().zip(feeds) {
        let told: usize = pages.iter().map(Vec::len).sum();
        let last = pages.last().and_then(|page| page.last());
        if feed.changes != CHANGES
            || feed.repeated != told as u64 - CHANGES
            || feed.last != last.map(|change| change.id)
        {
            return Err(format!(
                "got {feed:?} from {told} changes in {} pages",
                pages.len()
            ));
        }
    }
    let checksums = feeds.iter().map(|feed| feed.checksum);
    match checksums.fold(0, u64::wrapping_add) {
        CHECKSUM if feeds.len() == tenants.len() => Ok(()),
        checksum => Err(format!("{} feeds with checksum {checksum}", feeds.len())),
    }
}
