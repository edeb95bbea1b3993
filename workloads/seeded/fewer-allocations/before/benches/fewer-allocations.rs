//! Imports a ledger.

use fewer_allocations::{Ledger, import};
use perfkit::{Bench, Case, Units};

perfkit::main!(fewer_allocations);

const ROWS: usize = 18_000;
const DIGEST: u64 = 0x86e5_e98e_aa53_4ba5;

fn fewer_allocations(bench: &mut Bench) {
    bench
        .workload("fewer-allocations")
        .set_up(async |_: &Case| ledger())
        .units(|_| Units::items(ROWS as u64))
        .iterate(async |text: &mut String| import(text).await)
        .check(|_, ledger: &Ledger| {
            let accounts = ledger.accounts.values();
            let rows = ledger.problems
                + accounts
                    .clone()
                    .map(|account| account.bookings)
                    .sum::<u64>();
            let digest = accounts.fold(ledger.problems, |all, account| {
                all.rotate_left(3) ^ account.digest ^ account.balance as u64
            });
            if rows == ROWS as u64 && digest == DIGEST {
                Ok(())
            } else {
                Err(format!(
                    "{rows} rows, {} problems, digest: {digest:x}",
                    ledger.problems
                ))
            }
        });
}

fn ledger() -> String {
    let mut dice = Dice(43);
    let mut row = |_| {
        let (account, whole, cents) = (dice.roll(700), dice.roll(100_000), dice.roll(100));
        let currency = ["eur", "usd", "CHF", "Eur", "xyz"][dice.roll(5) as usize];
        match dice.roll(12) {
            0 => format!("{account}; {whole},{cents}; {currency}; letter {whole}\n"),
            1 => format!("{account}; {whole}.{cents:02}; {currency}\n"),
            2..5 => format!(
                "{account}; -{whole}.{cents:02}; {currency}; refund of invoice {cents}-{whole}\n"
            ),
            _ => format!("{account}; {whole}.{cents:02}; {currency}; invoice {cents}-{whole}\n"),
        }
    };
    (0..ROWS).map(&mut row).collect()
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }
}
