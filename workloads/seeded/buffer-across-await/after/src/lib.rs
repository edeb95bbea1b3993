//! Renders the pages of statements, one task per account, and hands a receipt for each page to the sender.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

/// Bytes of the largest page.
pub const PAGE: usize = 4096;

const LINES: u64 = 40;

/// What one account wants.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Whose statement it is.
    pub id: u64,
    /// How many pages it has.
    pub pages: u64,
}

/// That a page has been made.
#[derive(Debug)]
pub struct Receipt {
    /// Whose page.
    pub account: u64,
    /// Of what it says.
    pub digest: u64,
}

/// What all accounts are charged for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// Pages.
    pub pages: u64,
    /// Bytes on them.
    pub bytes: u64,
}

/// What a run has done.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Receipts that came through.
    pub receipts: u64,
    /// Their digests in one number.
    pub digests: u64,
    /// What is charged.
    pub charges: Charges,
}

/// Makes the statements of all accounts.
pub async fn print_all(accounts: &[Account]) -> Outcome {
    let charges = Arc::new(Mutex::new(Charges::default()));
    let (sender, mut receiver) = mpsc::channel(16);
    for account in accounts {
        tokio::spawn(print(*account, Arc::clone(&charges), sender.clone()));
    }
    drop(sender);
    let (mut receipts, mut digests) = (0, 0);
    while let Some(Receipt { account, digest }) = receiver.recv().await {
        receipts += 1;
        digests ^= digest.rotate_left(account as u32 % 64);
    }
    let charges = std::mem::take(&mut *charges.lock().expect("nobody panics while charging"));
    Outcome {
        receipts,
        digests,
        charges,
    }
}

/// Makes the statement of one account.
async fn print(account: Account, charges: Arc<Mutex<Charges>>, receipts: mpsc::Sender<Receipt>) {
    for number in 0..account.pages {
        let mut page = [0; PAGE];
        let length = render(&mut page, account.id, number);
        let receipt = Receipt {
            account: account.id,
            digest: digest(&page[..length]),
        };
        if receipts.send(receipt).await.is_err() {
            return;
        }
        // Nobody pays for a page whose receipt was not taken.
        charge(&charges, &page[..length]);
    }
}

/// Only what is printed is charged, so blanks are free.
fn charge(charges: &Mutex<Charges>, page: &[u8]) {
    let printed = page.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut charges = charges.lock().expect("nobody panics while charging");
    charges.pages += 1;
    charges.bytes += printed.count() as u64;
}

fn render(page: &mut [u8; PAGE], account: u64, number: u64) -> usize {
    let mut rest = page.as_mut_slice();
    for line in 0..LINES {
        let mixed = (account << 32 | number << 16 | line).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let (day, amount) = (line * 3 / 4 + 1, mixed % 1_000_000);
        writeln!(
            rest,
            "{day:02}  transfer {:08x}  {:>6}.{:02}",
            mixed,
            amount / 100,
            amount % 100
        )
        .expect("a page has room for its lines");
    }
    let left = rest.len();
    PAGE - left
}

/// FNV-1a.
fn digest(page: &[u8]) -> u64 {
    page.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
