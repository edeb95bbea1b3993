//! An order book: orders come in over a channel, are matched by price and time, and the trades are told to a reporter.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::mpsc;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Buys at the price or below.
    Buy,
    /// Sells at the price or above.
    Sell,
}

/// An order as a trader sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which way it goes.
    pub side: Side,
    /// What the trader calls it.
    pub label: String,
    /// Price of a piece.
    pub price: u32,
    /// How many pieces.
    pub pieces: u32,
    /// Whether what is not matched at once is given up.
    pub at_once: bool,
    /// Number of the trader.
    pub trader: u16,
}

/// What waits at a price.
struct Resting {
    trader: u16,
    pieces: u32,
    label: String,
    placed: u64,
}

/// Two orders that met.
#[derive(Debug)]
struct Trade {
    buyer: u16,
    seller: u16,
    price: u32,
    pieces: u32,
    waited: u64,
    label: String,
}

/// A day of trading.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Trades.
    pub trades: u64,
    /// Pieces that changed hands.
    pub pieces: u64,
    /// Ticks that orders waited for their match.
    pub waited: u64,
    /// Digest of all trades.
    pub digest: u64,
}

#[derive(Default)]
struct Book {
    buys: BTreeMap<u32, VecDeque<Resting>>,
    sells: BTreeMap<u32, VecDeque<Resting>>,
    clock: u64,
}

impl Book {
    fn best(&mut self, order: &Order) -> Option<(u32, &mut VecDeque<Resting>)> {
        let (price, queue) = match order.side {
            Side::Buy => self.sells.iter_mut().next()?,
            Side::Sell => self.buys.iter_mut().next_back()?,
        };
        let meets = match order.side {
            Side::Buy => *price <= order.price,
            Side::Sell => *price >= order.price,
        };
        meets.then_some((*price, queue))
    }

    async fn place(&mut self, order: &Order, trades: &mpsc::Sender<Trade>) {
        self.clock += 1;
        let now = self.clock;
        let mut left = order.pieces;
        while left > 0
            && let Some((price, queue)) = self.best(order)
        {
            let Some(resting) = queue.front_mut() else {
                break;
            };
            let pieces = left.min(resting.pieces);
            left -= pieces;
            resting.pieces -= pieces;
            let (buyer, seller) = match order.side {
                Side::Buy => (order.trader, resting.trader),
                Side::Sell => (resting.trader, order.trader),
            };
            let label = format!("{}/{}", order.label, resting.label);
            let waited = now - resting.placed;
            if resting.pieces == 0 {
                queue.pop_front();
            }
            if queue.is_empty() {
                self.buys.remove(&price);
                self.sells.remove(&price);
            }
            // Trades hold even where nobody reports them.
            let _ = trades
                .send(Trade {
                    buyer,
                    seller,
                    price,
                    pieces,
                    waited,
                    label,
                })
                .await;
        }
        if left > 0 && !order.at_once {
            let side = match order.side {
                Side::Buy => &mut self.buys,
                Side::Sell => &mut self.sells,
            };
            side.entry(order.price).or_default().push_back(Resting {
                trader: order.trader,
                pieces: left,
                label: order.label.clone(),
                placed: now,
            });
        }
    }
}

/// Matches all orders of a day.
pub async fn trade(orders: &[Order]) -> Day {
    let (trades, mut told) = mpsc::channel::<Trade>(8);
    let matching = async move {
        let mut book = Book::default();
        for order in orders {
            book.place(order, &trades).await;
        }
    };
    let report = async move {
        let mut day = Day::default();
        while let Some(trade) = told.recv().await {
            day.trades += 1;
            day.pieces += u64::from(trade.pieces);
            day.waited += trade.waited;
            let line = format!(
                "{}>{} {}x{} {}",
                trade.seller, trade.buyer, trade.pieces, trade.price, trade.label
            );
            day.digest = line.bytes().fold(day.digest, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        }
        day
    };
    tokio::join!(matching, report).1
}
