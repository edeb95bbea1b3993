//! A feed of changes: pages from several replicas overlap, and every change is taken once.

use std::fmt::Write;

use tokio::sync::mpsc;

/// A change as a replica tells it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Unique.
    pub id: u64,
    /// What has changed.
    pub key: u32,
    /// To what.
    pub value: i64,
}

/// Changes that a replica tells at once.
pub type Page = Vec<Change>;

/// The merged feed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Changes.
    pub changes: u64,
    /// Changes that another replica had told already.
    pub repeated: u64,
    /// The last one, from where to go on.
    pub last: Option<u64>,
    /// Checksum over the text of all changes.
    pub checksum: u64,
}

/// Pages of a tenant's feed of so many changes, the same ones every time. Neighbouring pages share a quarter.
pub fn pages(tenant: u64, changes: u64, size: u64) -> Vec<Page> {
    let change = |number: u64| {
        let id = (tenant << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Change {
            id,
            key: (id >> 44) as u32,
            value: (id >> 20) as i64 - (1 << 43),
        }
    };
    let starts = (0..changes).step_by((size - size / 4) as usize);
    let page = |start| (start..changes.min(start + size)).map(change).collect();
    starts.map(page).collect()
}

/// Merges the feeds of all tenants.
pub async fn run(tenants: &[Vec<Page>]) -> Vec<Feed> {
    let mut feeds = Vec::with_capacity(tenants.len());
    for pages in tenants {
        feeds.push(read(pages).await);
    }
    feeds
}

async fn read(pages: &[Page]) -> Feed {
    let (sender, receiver) = mpsc::channel(4);
    let fetch = async move {
        for page in pages {
            if sender.send(page.clone()).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(fetch, merge(receiver)).1
}

async fn merge(mut pages: mpsc::Receiver<Page>) -> Feed {
    let mut feed = Feed::default();
    // In the order they came: the last one is where to go on.
    let mut seen = Vec::new();
    let mut text = String::new();
    while let Some(page) = pages.recv().await {
        for change in page {
            if seen.contains(&change.id) {
                feed.repeated += 1;
                continue;
            }
            seen.push(change.id);
            feed.changes += 1;
            format_change(&change, &mut text);
            feed.checksum = checksum(feed.checksum, text.as_bytes());
        }
    }
    feed.last = seen.last().copied();
    feed
}

fn format_change(change: &Change, text: &mut String) {
    text.clear();
    let Change { id, key, value } = change;
    let (whole, part) = (value / 1_000, value.unsigned_abs() % 1_000);
    let _ = write!(
        text,
        "{id:016x} set inventory/{:03}/{key:06} to {whole}.{part:03} unless it is newer than {:08x}",
        key % 211,
        id >> 32,
    );
}

/// FNV-1a over `bytes`, going on from `hash`.
fn checksum(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
