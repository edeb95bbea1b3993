//! Keeps the open orders of a market in a book, and values the book after every session.

use tokio::sync::mpsc;

/// A record of the book. The reporting service reads books as they lie in memory, so the layout is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Order {
    /// Number of the order.
    pub number: u64,
    /// Who has placed it.
    pub account: u64,
    /// When, in microseconds.
    pub at: u64,
    /// Price in hundredths.
    pub price: i64,
    /// How much was ordered.
    pub quantity: u64,
    /// How much of that was traded.
    pub traded: u64,
    /// What is traded.
    pub product: u32,
    /// Where it came in.
    pub gateway: u16,
    /// Whether it buys.
    pub buys: bool,
    /// Whether the account may still change it.
    pub is_open: bool,
}

/// What a book is worth.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// Orders in it.
    pub orders: u64,
    /// Open amounts to buy.
    pub bids: i64,
    /// Open amounts to sell.
    pub asks: i64,
    /// Over all orders in the sequence of the book.
    pub digest: u64,
}

/// Reads the sessions of a day into a book and values it.
pub async fn value(sessions: &[String], orders: usize) -> Value {
    let (sender, mut receiver) = mpsc::channel(2);
    let read_all = async move {
        for session in sessions {
            let batch: Vec<Order> = session.lines().filter_map(parse).collect();
            if sender.send(batch).await.is_err() {
                break;
            }
        }
    };
    let keep_book = async move {
        let mut book = Vec::with_capacity(orders);
        while let Some(batch) = receiver.recv().await {
            book.extend(batch);
        }
        sum_up(&book)
    };
    tokio::join!(read_all, keep_book).1
}

fn sum_up(book: &[Order]) -> Value {
    let mut value = Value::default();
    for order in book {
        let open = if order.is_open {
            (order.quantity - order.traded) as i64 * order.price
        } else {
            0
        };
        value.orders += 1;
        if order.buys {
            value.bids += open;
        } else {
            value.asks += open;
        }
        let parts = [
            order.number,
            order.account,
            order.at,
            u64::from(order.product),
            u64::from(order.gateway),
        ];
        for part in parts {
            value.digest = (value.digest ^ part).wrapping_mul(0x0100_0000_01b3);
        }
    }
    value
}

/// Reads `number account at price quantity traded product gateway side state`.
fn parse(line: &str) -> Option<Order> {
    let mut words = line.split(' ');
    Some(Order {
        number: words.next()?.parse().ok()?,
        account: words.next()?.parse().ok()?,
        at: words.next()?.parse().ok()?,
        price: words.next()?.parse().ok()?,
        quantity: words.next()?.parse().ok()?,
        traded: words.next()?.parse().ok()?,
        product: words.next()?.parse().ok()?,
        gateway: words.next()?.parse().ok()?,
        buys: words.next()? == "buy",
        is_open: words.next()? == "open",
    })
}
