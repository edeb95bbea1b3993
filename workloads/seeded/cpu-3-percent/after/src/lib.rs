//! Books the lines of bank statements: to accounts, to categories by the words of their purpose, and to a chain of seals
//! that shows when a line was changed later.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// Statements that wait between reading and booking.
const WAITING: usize = 4;

/// Rounds of the seal for each word of eight bytes.
const ROUNDS: u32 = 64;

/// Words that tell what an amount is for.
#[derive(Debug, Clone, Default)]
pub struct Keywords {
    /// Hashes of words with their categories, in the order of the hashes.
    sorted: Vec<(u64, usize)>,
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
    /// The last seal.
    pub seal: u64,
    /// Lines that could not be read.
    pub rejected: u64,
}

impl Keywords {
    /// Takes words by category. The categories count from 1.
    pub fn new<'w>(words: impl IntoIterator<Item = (&'w str, usize)>) -> Self {
        let words = words.into_iter();
        let mut sorted: Vec<_> = words
            .map(|(word, category)| (hash(word), category))
            .collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// The category that most words of the purpose speak for.
    fn categorise(&self, purpose: &str) -> usize {
        let mut votes = [0_u8; 16];
        for word in purpose.split([' ', ',', '.']) {
            let hash = hash(word);
            let found = self.sorted.binary_search_by_key(&hash, |(hash, _)| *hash);
            if let Ok(at) = found {
                votes[self.sorted[at].1 % votes.len()] += 1;
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
                ledger.seal = seal(ledger.seal, line);
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

/// The seal of a line, which depends on the lines before it by the last seal.
fn seal(last: u64, line: &str) -> u64 {
    line.as_bytes().chunks(8).fold(last, |seal, word| {
        let word = word
            .iter()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte));
        (0..ROUNDS).fold(seal ^ word, |seal, round| {
            let mixed = seal.rotate_left(23).wrapping_add(u64::from(round));
            (mixed ^ (mixed >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        })
    })
}

/// FNV-1a, the same for upper and lower case.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}
