//! Clients that place orders at a remote market over one shared session.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How long the market takes to answer.
const ROUND_TRIP: Duration = Duration::from_millis(1);

/// An order on its way to the market.
#[derive(Debug)]
struct Envelope {
    amount: u64,
    seal: u64,
}

/// The market's answer.
#[derive(Debug)]
struct Receipt {
    amount: u64,
    fee: u64,
}

/// What the clients share.
#[derive(Debug, Default)]
pub struct Session {
    placed: u64,
    statement: Statement,
}

/// What the market has confirmed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Orders.
    pub orders: u64,
    /// Sum of their amounts.
    pub volume: u64,
    /// Sum of their fees.
    pub fees: u64,
}

impl Session {
    fn seal(&mut self, amount: u64) -> Envelope {
        self.placed += 1;
        Envelope {
            amount,
            seal: seal(amount),
        }
    }

    fn confirm(&mut self, receipt: &Receipt) {
        self.statement.orders += 1;
        self.statement.volume += receipt.amount;
        self.statement.fees += receipt.fee;
    }
}

/// Lets so many clients place so many orders each.
pub async fn trade(clients: u64, orders: u64) -> Statement {
    let session = Arc::new(Mutex::new(Session::default()));
    let mut running = JoinSet::new();
    for client in 0..clients {
        let session = Arc::clone(&session);
        running.spawn(async move {
            for order in 0..orders {
                place(&session, client * 1_000 + order * 10).await;
            }
        });
    }
    running.join_all().await;
    let session = session.lock().await;
    assert_eq!(session.placed, session.statement.orders, "all are answered");
    session.statement.clone()
}

/// Places one order and waits until it is confirmed.
async fn place(session: &Mutex<Session>, amount: u64) {
    // Locked once for both ends: nobody sees an order that is placed and not yet confirmed.
    let mut session = session.lock().await;
    let envelope = session.seal(amount);
    let receipt = exchange(envelope).await;
    session.confirm(&receipt);
}

/// Sends an order to the market.
async fn exchange(order: Envelope) -> Receipt {
    tokio::time::sleep(ROUND_TRIP).await;
    let is_sealed = order.seal == seal(order.amount);
    Receipt {
        amount: if is_sealed { order.amount } else { 0 },
        fee: order.seal % 97,
    }
}

/// FNV-1a over many rounds of the amount.
fn seal(amount: u64) -> u64 {
    (0..2_000).fold(0xcbf2_9ce4_8422_2325, |hash, round| {
        (hash ^ amount ^ round).wrapping_mul(0x0100_0000_01b3)
    })
}
