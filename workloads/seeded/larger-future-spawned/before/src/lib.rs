//! Quotes prices for orders that come in bursts, each order on a task of its own.

use std::fmt::Write;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

/// Bands of a tariff.
pub const BANDS: usize = 128;

/// A price that holds from some weight on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Band {
    /// The least weight, in grams.
    pub from: u32,
    /// For the whole, in cents.
    pub base: u32,
    /// For each kilogram, in cents.
    pub per_kilogram: u32,
    /// For handling, in cents.
    pub handling: u32,
}

/// What things cost.
#[derive(Debug, Clone)]
pub struct Tariff {
    /// Its number is on every quote.
    pub number: u32,
    /// Ordered by weight.
    pub bands: [Band; BANDS],
}

impl Tariff {
    /// The tariff with this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        let bands = std::array::from_fn(|at| {
            let at = at as u32;
            Band {
                from: at * 250,
                base: 300 + at * 20,
                per_kilogram: 90 - at / 2,
                handling: 40 + at % 7,
            }
        });
        Self { number, bands }
    }

    fn price(&self, grams: u32) -> u32 {
        let next = self.bands.partition_point(|band| band.from <= grams);
        let band = &self.bands[next.saturating_sub(1)];
        band.base + band.handling + grams / 1_000 * band.per_kilogram
    }
}

/// What somebody wants to send.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Its number.
    pub number: u64,
    /// How many parcels.
    pub parcels: u32,
}

/// What it costs.
#[derive(Debug)]
pub struct Quote {
    /// In cents.
    pub total: u64,
    /// For the customer.
    pub text: String,
}

/// All quotes in few numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Quotes.
    pub quotes: u64,
    /// Sum of what they say.
    pub total: u64,
    /// Letters that were written.
    pub letters: u64,
}

/// Orders that are looked at in one go.
const BURST: usize = 100;
/// Quotes that are worked out at the same time.
const AT_ONCE: usize = 16;

/// Quotes a price for each order.
pub async fn quote_all(tariff: &Arc<Tariff>, orders: &[Order]) -> Ledger {
    let mut ledger = Ledger::default();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for burst in orders.chunks(BURST) {
        let (sender, mut quotes) = mpsc::channel(AT_ONCE);
        for order in burst.iter().copied() {
            let tariff = Arc::clone(tariff);
            let (places, sender) = (Arc::clone(&places), sender.clone());
            tokio::spawn(async move {
                let place = places.acquire().await;
                // Who has given up does not need the quote.
                sender.send(quote(&tariff, order)).await.ok();
                drop(place);
            });
        }
        drop(sender);
        while let Some(quote) = quotes.recv().await {
            ledger.quotes += 1;
            ledger.total += quote.total;
            ledger.letters += quote.text.len() as u64;
        }
    }
    ledger
}

fn quote(tariff: &Tariff, order: Order) -> Quote {
    let mut total = 0;
    let mut text = String::with_capacity(1024);
    for parcel in 0..order.parcels {
        let mixed = (order.number << 8 | u64::from(parcel)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let grams = (mixed >> 40) as u32 % 31_000;
        let price = tariff.price(grams);
        total += u64::from(price);
        writeln!(
            text,
            "parcel {parcel}: {grams} g, {}.{:02}",
            price / 100,
            price % 100
        )
        .expect("a String takes everything");
    }
    writeln!(text, "order {}, tariff {}", order.number, tariff.number)
        .expect("a String takes everything");
    Quote { total, text }
}
