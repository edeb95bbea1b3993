//! Books the statements of a year.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cpu_3_percent::{Keywords, book_all};
use perfkit::{Bench, Case, Runtime, Units};

perfkit::main!(statements);

const STATEMENTS: u64 = 100;
const ENTRIES: u64 = 248;
const ACCOUNTS: u64 = 300;
const WORDS: u64 = 13;
const FILLERS: [&str; 12] = [
    "invoice",
    "reference",
    "from",
    "today",
    "month",
    "customer",
    "number",
    "office",
    "with",
    "thanks",
    "order",
    "dated",
];
const SUBJECTS: [&str; 15] = [
    "rent",
    "salary",
    "power",
    "water",
    "insurance",
    "groceries",
    "fuel",
    "travel",
    "school",
    "repair",
    "phone",
    "tax",
    "loan",
    "club",
    "books",
];

struct Year {
    keywords: Keywords,
    statements: Vec<String>,
    accounts: BTreeMap<String, i64>,
    categories: [i64; 16],
    seal: u64,
}

fn statements(bench: &mut Bench) {
    bench
        .workload("cpu-3-percent")
        .runtimes([Runtime::CurrentThread, Runtime::MultiThread(2)])
        .set_up(async |case: &Case| {
            let mut year = year(case.seed());
            year.seal = book_all(&year.keywords, &year.statements).await.seal;
            year
        })
        .units(|_| Units::items(STATEMENTS * ENTRIES))
        .iterate(async |year| {
            let ledger = book_all(&year.keywords, &year.statements).await;
            let sums = ledger.accounts.into_iter();
            let is_right = year
                .accounts
                .iter()
                .map(|(account, sum)| (account.as_str(), *sum))
                .eq(sums);
            (is_right && ledger.seal == year.seal, ledger.categories)
        })
        .check(|year, (is_right, categories)| {
            if *is_right && *categories == year.categories {
                Ok(())
            } else {
                Err(format!(
                    "accounts and seal right: {is_right}, categories {categories:?}"
                ))
            }
        });
}

/// Writes statements, and the sums that have to come of them.
fn year(seed: u64) -> Year {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let numbers: Vec<String> = (0..ACCOUNTS)
        .map(|_| account(next(100_000_000), next(10_000_000_000)))
        .collect();
    let keywords = (1..).zip(SUBJECTS).map(|(category, word)| (word, category));
    let mut year = Year {
        keywords: Keywords::new(keywords),
        statements: Vec::new(),
        accounts: BTreeMap::new(),
        categories: [0; 16],
        seal: 0,
    };
    for _ in 0..STATEMENTS {
        let mut statement = String::new();
        for _ in 0..ENTRIES {
            let number = &numbers[next(ACCOUNTS) as usize];
            let (amount, is_negative) = (next(1_000_000) as i64, next(2) == 1);
            let sign = if is_negative { "-" } else { "" };
            let signed = if is_negative { -amount } else { amount };
            write!(
                statement,
                "{number};{sign}{}.{:02};",
                amount / 100,
                amount % 100
            )
            .expect("a string takes all that is written");
            let category = next(16) as usize;
            let place = next(WORDS);
            for at in 0..WORDS {
                let filler = FILLERS[next(12) as usize];
                let subject = category.checked_sub(1).map(|at| SUBJECTS[at]);
                let word = subject.filter(|_| at == place).unwrap_or(filler);
                statement.push_str(word);
                statement.push(if at + 1 < WORDS { ' ' } else { '\n' });
            }
            *year.accounts.entry(number.clone()).or_default() += signed;
            year.categories[category] += signed;
        }
        year.statements.push(statement);
    }
    year
}

/// A German account number with its check digits.
fn account(bank: u64, number: u64) -> String {
    // The letters D and E stand for 13 and 14 and go to the end, with 00 for the digits that are wanted.
    let digits = (u128::from(bank) * 10_000_000_000 + u128::from(number)) * 1_000_000 + 131_400;
    format!("DE{:02}{bank:08}{number:010}", 98 - digits % 97)
}
