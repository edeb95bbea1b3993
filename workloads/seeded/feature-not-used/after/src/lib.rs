//! A crawler of a link graph: pages are fetched from a site task, some at a time, and their links are followed once.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustc_hash::FxHashSet;
use tokio::sync::{mpsc, oneshot};

#[cfg(feature = "politeness")]
mod politeness;

/// A site of pages that link to one another.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// How many pages it has.
    pub pages: u32,
    /// How many links a page has at most.
    pub links: u32,
}

/// A page as it is fetched.
#[derive(Debug)]
struct Page {
    number: u32,
    body: String,
}

struct Fetch {
    number: u32,
    #[cfg(feature = "politeness")]
    referrer: [u8; 512],
    reply: oneshot::Sender<Page>,
}

/// What a crawl has seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Visited {
    /// Pages.
    pub pages: u64,
    /// Links on them.
    pub links: u64,
    /// Digest of all pages, in the order of their arrival.
    pub digest: u64,
}

impl Site {
    async fn serve(self, mut fetches: mpsc::Receiver<Fetch>) {
        while let Some(fetch) = fetches.recv().await {
            // A polite site answers only those who say where they come from.
            #[cfg(feature = "politeness")]
            if fetch.referrer.trim_ascii().is_empty() && fetch.number % 64 == 63 {
                continue;
            }
            let Fetch { number, reply, .. } = fetch;
            let body = self.body(number);
            // The crawler may have stopped.
            let _ = reply.send(Page { number, body });
        }
    }

    fn body(&self, number: u32) -> String {
        let mut body = format!("<h1>Page {number}</h1>");
        let mut state = number;
        for _ in 0..=number % self.links {
            state = state.wrapping_mul(0x9e37_79b1).rotate_left(9) ^ 0x2545_f491;
            body.push_str("<a href=");
            body.push_str(&(state % self.pages).to_string());
            body.push('>');
        }
        body
    }
}

/// Visits all pages that can be reached from page 0, with at most `at_once` fetches in flight.
pub async fn crawl(site: Site, at_once: usize) -> Visited {
    let (fetches, fetched) = mpsc::channel(at_once);
    tokio::join!(site.serve(fetched), follow(fetches, at_once)).1
}

async fn follow(fetches: mpsc::Sender<Fetch>, at_once: usize) -> Visited {
    let mut visited = Visited::default();
    let mut known = FxHashSet::from_iter([0]);
    let mut frontier = VecDeque::from([0]);
    let mut in_flight = FuturesUnordered::new();
    #[cfg(feature = "politeness")]
    let mut pace = politeness::Pace::new(at_once);
    loop {
        while in_flight.len() < at_once
            && let Some(number) = frontier.pop_front()
        {
            #[cfg(feature = "politeness")]
            pace.before(number).await;
            in_flight.push(fetch(&fetches, number));
        }
        let Some(page) = in_flight.next().await else {
            break;
        };
        let Some(page) = page else { continue };
        #[cfg(feature = "trace")]
        tracing::debug!(page = page.number, bytes = page.body.len(), "fetched");
        visited.pages += 1;
        visited.digest = digest(visited.digest ^ u64::from(page.number), &page.body);
        for link in links(&page.body) {
            visited.links += 1;
            if known.insert(link) {
                frontier.push_back(link);
            }
        }
    }
    visited
}

async fn fetch(fetches: &mpsc::Sender<Fetch>, number: u32) -> Option<Page> {
    let (reply, page) = oneshot::channel();
    let fetch = Fetch {
        number,
        #[cfg(feature = "politeness")]
        referrer: [b' '; 512],
        reply,
    };
    fetches.send(fetch).await.ok()?;
    page.await.ok()
}

fn links(body: &str) -> impl Iterator<Item = u32> {
    let references = body.split("<a href=").skip(1);
    references.filter_map(|reference| reference.split_once('>')?.0.parse().ok())
}

fn digest(seed: u64, body: &str) -> u64 {
    body.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
