//! Books the lines of bank statements: to accounts, and to categories by the words of their purpose.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// Statements that wait between reading and booking.
const WAITING: usize = 4;

/// Longest word that is compared with keywords.
const LONGEST: usize = 24;

/// Words that tell what an amount is for.
#[derive(Debug, Clone, Default)]
pub struct Keywords {
    /// Words with their categories.
    words: Vec<(String, usize)>,
}

/// An amount in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'s> {
    /// Number of the other account.
    pub account: &'s str,
    /// Hundredths.
    pub amount: i64,
    /// What it is for.
    pub purpose: &'s str,
}

/// What was booked.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ledger<'s> {
    /// Sums by account.
    pub accounts: BTreeMap<&'s str, i64>,
    /// Sums by category; the first one is for what no keyword matches.
    pub categories: Vec<i64>,
    /// Lines that could not be read.
    pub rejected: u64,
}

impl Keywords {
    /// Takes words by category. The categories count from 1.
    pub fn new<'w>(words: impl IntoIterator<Item = (&'w str, usize)>) -> Self {
        let words = words.into_iter();
        let words = words.map(|(word, category)| (word.to_owned(), category));
        Self {
            words: words.collect(),
        }
    }

    /// The category that most words of the purpose speak for; each may have a typing error.
    fn categorise(&self, purpose: &str) -> usize {
        let mut votes = [0_u8; 16];
        for word in purpose.split([' ', ',', '.']) {
            for (keyword, category) in &self.words {
                let is_near = word.len().abs_diff(keyword.len()) <= 1;
                if is_near && distance(word.as_bytes(), keyword.as_bytes()) <= 1 {
                    votes[category % votes.len()] += 1;
                }
            }
        }
        // The first of those with the same number of votes.
        let most = votes.iter().max().copied().unwrap_or(0);
        let first = votes.iter().position(|votes| *votes == most);
        first.filter(|_| most > 0).unwrap_or(0)
    }
}

/// Books statements, an entry per line: `account;amount;purpose`.
pub async fn book_all<'s>(keywords: &Keywords, statements: &'s [String]) -> Ledger<'s> {
    let (sender, mut receiver) = mpsc::channel::<&'s str>(WAITING);
    let read_all = async move {
        for statement in statements {
            if sender.send(statement).await.is_err() {
                break;
            }
        }
    };
    let book = async move {
        let mut ledger = Ledger {
            categories: vec![0; 16],
            ..Ledger::default()
        };
        while let Some(statement) = receiver.recv().await {
            for line in statement.lines() {
                match parse(line) {
                    Some(entry) => ledger.add(&entry, keywords),
                    None => ledger.rejected += 1,
                }
            }
        }
        ledger
    };
    tokio::join!(read_all, book).1
}

impl<'s> Ledger<'s> {
    fn add(&mut self, entry: &Entry<'s>, keywords: &Keywords) {
        *self.accounts.entry(entry.account).or_default() += entry.amount;
        self.categories[keywords.categorise(entry.purpose)] += entry.amount;
    }
}

fn parse(line: &str) -> Option<Entry<'_>> {
    let mut fields = line.splitn(3, ';');
    Some(Entry {
        account: account(fields.next()?)?,
        amount: amount(fields.next()?)?,
        purpose: fields.next()?,
    })
}

/// Two letters for the country, two check digits, and what the country has chosen.
fn account(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (country, number) = bytes.split_at_checked(2)?;
    let is_number = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let is_account = (15..=34).contains(&bytes.len())
        && country.iter().all(u8::is_ascii_uppercase)
        && number.iter().all(is_number);
    if !is_account {
        return None;
    }
    // A number with a slip of the pen is found out here, and not when the bank refuses it.
    let (head, tail) = bytes.split_at_checked(4)?;
    let remainder = tail
        .iter()
        .chain(head)
        .fold(0_u32, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
        });
    (remainder == 1).then_some(text)
}

/// Reads a number with two decimals.
fn amount(text: &str) -> Option<i64> {
    let (whole, decimals) = text.rsplit_once('.')?;
    let hundredths = decimals
        .parse::<u8>()
        .ok()
        .filter(|_| decimals.len() == 2)?;
    let whole = whole.parse::<i64>().ok()?;
    let is_negative = text.starts_with('-');
    let hundredths = i64::from(hundredths);
    Some(whole * 100 + if is_negative { -hundredths } else { hundredths })
}

/// Letters to insert, to take out or to replace to make one word of the other.
fn distance(word: &[u8], keyword: &[u8]) -> usize {
    if keyword.len() >= LONGEST {
        return word.len().max(keyword.len());
    }
    let mut row: [usize; LONGEST] = std::array::from_fn(|at| at);
    for (before, letter) in word.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = before + 1;
        for (at, other) in keyword.iter().enumerate() {
            let replaced = diagonal + usize::from(!letter.eq_ignore_ascii_case(other));
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[keyword.len()]
}
