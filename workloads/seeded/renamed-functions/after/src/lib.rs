//! A service that checks statements of a small query language: tokens are read, nested into expressions, and summed up.

use std::sync::Arc;

use tokio::sync::mpsc;

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or keyword, in lower case.
    Word(String),
    /// A whole number.
    Number(u64),
    /// A text in single quotes.
    Text(String),
    /// Anything else.
    Sign(char),
}

/// Why a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A quote is not closed.
    OpenText,
    /// Parentheses do not match.
    Unbalanced,
}

/// What the statements came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Statements that are well formed.
    pub accepted: u64,
    /// Statements that are not.
    pub refused: u64,
    /// Deepest nesting of parentheses.
    pub depth: usize,
    /// Digest of all tokens.
    pub digest: u64,
}

/// Checks all statements, which a task of its own reads.
pub async fn check_all(statements: Arc<[String]>) -> Report {
    let (queue, checked) = mpsc::channel(8);
    let reader = tokio::spawn(produce_token_streams(statements, queue));
    let report = summarize(checked).await;
    reader.await.expect("the reader does not panic");
    report
}

async fn produce_token_streams(
    statements: Arc<[String]>,
    queue: mpsc::Sender<Result<Vec<Token>, Refusal>>,
) {
    for statement in statements.iter() {
        if queue.send(scan_statement(statement)).await.is_err() {
            break;
        }
    }
}

async fn summarize(mut checked: mpsc::Receiver<Result<Vec<Token>, Refusal>>) -> Report {
    let mut report = Report::default();
    while let Some(tokens) = checked.recv().await {
        match tokens.and_then(|tokens| {
            nesting_depth(&tokens).map(|depth| (depth, digest_of_tokens(&tokens)))
        }) {
            Ok((depth, digest)) => {
                report.accepted += 1;
                report.depth = report.depth.max(depth);
                report.digest = report.digest.rotate_left(3) ^ digest;
            }
            Err(_) => report.refused += 1,
        }
    }
    report
}

/// The tokens of a statement.
fn scan_statement(statement: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_ascii_alphabetic() {
            scan_word(rest)
        } else if first.is_ascii_digit() {
            scan_number(rest)
        } else if first == '\'' {
            scan_text(rest)?
        } else {
            (Token::Sign(first), first.len_utf8())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn scan_word(rest: &str) -> (Token, usize) {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let length = end.unwrap_or(rest.len());
    (Token::Word(rest[..length].to_ascii_lowercase()), length)
}

fn scan_number(rest: &str) -> (Token, usize) {
    let digits = rest.bytes().take_while(u8::is_ascii_digit);
    let (value, length) = digits.fold((0u64, 0), |(value, length), digit| {
        (
            value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')),
            length + 1,
        )
    });
    (Token::Number(value), length)
}

fn scan_text(rest: &str) -> Result<(Token, usize), Refusal> {
    let inner = &rest[1..];
    let length = inner.find('\'').ok_or(Refusal::OpenText)?;
    Ok((Token::Text(inner[..length].to_owned()), length + 2))
}

/// How deep the parentheses go.
fn nesting_depth(tokens: &[Token]) -> Result<usize, Refusal> {
    let (mut depth, mut deepest) = (0usize, 0);
    for token in tokens {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.checked_sub(1).ok_or(Refusal::Unbalanced)?,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if depth == 0 {
        Ok(deepest)
    } else {
        Err(Refusal::Unbalanced)
    }
}

fn digest_of_tokens(tokens: &[Token]) -> u64 {
    tokens
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, token| match token {
            Token::Word(text) | Token::Text(text) => text
                .bytes()
                .fold(hash, |hash, byte| combine(hash, u64::from(byte))),
            Token::Number(number) => combine(hash, *number),
            Token::Sign(sign) => combine(hash, u64::from(*sign)),
        })
}

fn combine(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0100_0000_01b3)
}
