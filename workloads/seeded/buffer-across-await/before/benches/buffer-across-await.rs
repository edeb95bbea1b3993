//! Prints the statements of many accounts.

use buffer_across_await::{Account, Charges, Outcome, print_all};
use perfkit::{Bench, Case, Units};

perfkit::main!(statements);

const ACCOUNTS: u64 = 300;
const PAGES: u64 = 4;

fn statements(bench: &mut Bench) {
    bench
        .workload("buffer-across-await")
        .set_up(async |_: &Case| {
            let accounts = (0..ACCOUNTS).map(|id| Account { id, pages: PAGES });
            accounts.collect::<Vec<_>>()
        })
        .units(|_| Units::items(ACCOUNTS * PAGES))
        .iterate(async |accounts: &mut Vec<Account>| print_all(accounts).await)
        .check(|_, outcome| {
            let expected = Outcome {
                receipts: ACCOUNTS * PAGES,
                digests: 35_869_223_920_143_043,
                charges: Charges {
                    pages: ACCOUNTS * PAGES,
                    bytes: 1_194_669,
                },
            };
            if *outcome == expected {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, got {outcome:?}"))
            }
        });
}
