//! An import of ledgers: rows of text become bookings, which a task adds up by account.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// Why a row is not booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A column is missing.
    Missing,
    /// An amount cannot be read.
    Amount,
    /// The currency is not known.
    Currency,
}

/// A row that can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Booking {
    account: u32,
    cents: i64,
    reference: u64,
}

/// An account after all bookings.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Cents of the house currency.
    pub balance: i64,
    /// Bookings.
    pub bookings: u64,
    /// Digest of their references.
    pub digest: u64,
}

/// A ledger after the import.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// By number.
    pub accounts: BTreeMap<u32, Account>,
    /// Rows that were not booked.
    pub problems: u64,
}

/// Imports the rows of a text, which are read by one future and booked by another.
pub async fn import(text: &str) -> Ledger {
    let (reader, mut rows) = mpsc::channel(32);
    let read = async move {
        for row in text.lines() {
            if reader.send(parse(row)).await.is_err() {
                break;
            }
        }
    };
    let book = async move {
        let mut ledger = Ledger::default();
        while let Some(row) = rows.recv().await {
            match row {
                Ok(booking) => ledger.book(booking),
                Err(_) => ledger.problems += 1,
            }
        }
        ledger
    };
    tokio::join!(read, book).1
}

impl Ledger {
    fn book(&mut self, booking: Booking) {
        let account = self.accounts.entry(booking.account).or_default();
        account.balance += booking.cents;
        account.bookings += 1;
        account.digest = (account.digest ^ booking.reference).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Reads a row such as `4711;-12.50;eur;invoice 17`: account, amount, currency and reference.
fn parse(row: &str) -> Result<Booking, Problem> {
    let columns: Vec<String> = row
        .split(';')
        .map(|column| column.trim().to_owned())
        .collect();
    let [account, amount, currency, reference] = columns.as_slice() else {
        return Err(Problem::Missing);
    };
    let account = account.parse().map_err(|_| Problem::Missing)?;
    let cents = cents(amount)?;
    let rate = rate(&currency.to_uppercase())?;
    Ok(Booking {
        account,
        cents: cents * rate / 1_000,
        reference: digest(reference),
    })
}

/// Reads an amount such as `-1250.50`.
fn cents(amount: &str) -> Result<i64, Problem> {
    let (sign, digits) = match amount.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, amount),
    };
    let (whole, cents) = digits.split_once('.').ok_or(Problem::Amount)?;
    let whole: i64 = whole.parse().map_err(|_| Problem::Amount)?;
    let cents: i64 = cents.parse().map_err(|_| Problem::Amount)?;
    Ok(sign * (whole * 100 + cents))
}

/// Thousandths of the house currency.
fn rate(currency: &str) -> Result<i64, Problem> {
    match currency {
        "EUR" => Ok(1_000),
        "USD" => Ok(915),
        "CHF" => Ok(1_042),
        _ => Err(Problem::Currency),
    }
}

fn digest(reference: &str) -> u64 {
    reference.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
