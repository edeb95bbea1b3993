//! The metrics endpoint of a service: a scrape names a tenant and is answered with the text page of its samples.

use std::borrow::Cow;
use std::fmt::Write;

use tokio::sync::{mpsc, oneshot};

/// A value with its name and labels.
#[derive(Debug)]
pub struct Sample {
    /// What is measured.
    pub name: &'static str,
    /// Where it was measured.
    pub labels: Vec<(&'static str, String)>,
    /// The value in thousandths.
    pub thousandths: u64,
}

/// The samples of all tenants.
#[derive(Debug)]
pub struct Metrics {
    tenants: Vec<Vec<Sample>>,
}

/// What a scraper has read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scraped {
    /// Pages.
    pub pages: u64,
    /// Lines that are samples.
    pub samples: u64,
    /// Sum of all values, in thousandths.
    pub thousandths: u64,
}

/// A request for the page of one tenant.
struct Scrape {
    tenant: usize,
    answer: oneshot::Sender<String>,
}

impl Metrics {
    /// Samples of so many tenants, the same ones every time.
    pub fn generate(tenants: usize, samples: usize) -> Self {
        let sample = |tenant: usize, number: usize| {
            let mixed = ((tenant * samples + number) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            Sample {
                name: NAMES[number % NAMES.len()],
                labels: vec![
                    ("shard", format!("shard-{}", number / NAMES.len())),
                    ("zone", zone(mixed)),
                    ("queue", format!("tenant/{tenant}")),
                ],
                thousandths: mixed % 1_000_000_000,
            }
        };
        let page = |tenant| (0..samples).map(|number| sample(tenant, number)).collect();
        Self {
            tenants: (0..tenants).map(page).collect(),
        }
    }

    /// What a scraper of every tenant has to read.
    pub fn expected(&self) -> Scraped {
        let samples = || self.tenants.iter().flatten();
        Scraped {
            pages: self.tenants.len() as u64,
            samples: samples().count() as u64,
            thousandths: samples().map(|sample| sample.thousandths).sum(),
        }
    }

    /// Lets a scraper read the pages of all tenants, one after the other.
    pub async fn scrape_all(&self) -> Scraped {
        let (sender, receiver) = mpsc::channel(4);
        tokio::join!(scrape(self.tenants.len(), sender), self.serve(receiver)).0
    }

    async fn serve(&self, mut scrapes: mpsc::Receiver<Scrape>) {
        while let Some(scrape) = scrapes.recv().await {
            let page = render(&self.tenants[scrape.tenant]);
            // A scraper that has gone away needs no answer.
            let _ = scrape.answer.send(page);
        }
    }
}

const NAMES: [&str; 6] = [
    "requests_total",
    "request_seconds_total",
    "queue_length",
    "retries_total",
    "resident_bytes",
    "open_connections",
];

/// People name the zones, and some have nicknames.
fn zone(number: u64) -> String {
    match number % 10 {
        9 => "north \"old port\"".to_owned(),
        other => format!("north-{other}"),
    }
}

/// The page with one line per sample.
fn render(samples: &[Sample]) -> String {
    // How long lines are depends on the labels of the tenant.
    let mut page = String::new();
    for sample in samples {
        page.push_str(sample.name);
        for (index, (label, value)) in sample.labels.iter().enumerate() {
            page.push(if index == 0 { '{' } else { ',' });
            page.push_str(label);
            page.push_str("=\"");
            page.push_str(&escape(value));
            page.push('"');
        }
        let (whole, part) = (sample.thousandths / 1_000, sample.thousandths % 1_000);
        let _ = writeln!(page, "}} {whole}.{part:03}");
    }
    page
}

/// A label's value as it stands between quotes.
fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(['"', '\\', '\n']) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(2 * value.len());
    for character in value.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

async fn scrape(tenants: usize, scrapes: mpsc::Sender<Scrape>) -> Scraped {
    let mut scraped = Scraped::default();
    for tenant in 0..tenants {
        let (answer, page) = oneshot::channel();
        if scrapes.send(Scrape { tenant, answer }).await.is_err() {
            break;
        }
        let Ok(page) = page.await else { break };
        scraped.pages += 1;
        for (_, value) in page.lines().filter_map(|line| line.rsplit_once("} ")) {
            let digits = value.bytes().filter(u8::is_ascii_digit);
            scraped.samples += 1;
            scraped.thousandths += digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        }
    }
    scraped
}
