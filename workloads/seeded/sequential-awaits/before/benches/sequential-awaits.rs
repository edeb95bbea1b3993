//! Renders product pages.

use perfkit::{Bench, Case, Units};
use sequential_awaits::{Backends, render_all};

perfkit::main!(pages);

const PAGES: usize = 3;

struct Shop {
    backends: Backends,
    first: Vec<String>,
}

fn pages(bench: &mut Bench) {
    bench
        .workload("sequential-awaits")
        .set_up(async |_: &Case| {
            let backends = Backends::new(PAGES as u32);
            let first = render_all(&backends, PAGES).await;
            Shop { backends, first }
        })
        .units(|_| Units::items(PAGES as u64))
        .iterate(async |shop| render_all(&shop.backends, PAGES).await)
        .check(|shop, pages| {
            let is_whole = |page: &String| {
                page.starts_with("<h1>Product ")
                    && page.matches("<li>").count() >= 10
                    && page.ends_with("</ol>")
                    && !page.contains("& ")
            };
            if *pages == shop.first && pages.len() == PAGES && pages.iter().all(is_whole) {
                Ok(())
            } else {
                Err(format!("{} pages, and one of them is wrong", pages.len()))
            }
        });
}
