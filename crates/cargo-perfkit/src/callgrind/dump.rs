//! One file of callgrind, read: the [profile format](https://valgrind.org/docs/manual/cl-format.html), as far as
//! counts by instruction and calls go.
//!
//! Names of functions are not kept. callgrind writes one function per context, which is the function with the chain of
//! its callers, and numbers them; the numbers and the addresses say all there is.

use std::collections::BTreeMap;
use std::io::BufRead;

/// A file that callgrind wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dump {
    /// `callgrind-3.19.0`.
    pub(super) creator: String,
    /// Why it was written.
    pub(super) reason: String,
    /// Instructions.
    pub(super) total: u64,
    /// Paths of object files by number.
    pub(super) objects: BTreeMap<u32, String>,
    /// Functions, each in one context, by number.
    pub(super) functions: BTreeMap<u32, Function>,
}

/// A function in one context.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Function {
    /// Instructions of its own and how often they were executed.
    pub(super) own: Vec<(Place, u64)>,
    /// Calls it made.
    pub(super) calls: Vec<Call>,
}

/// An instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Number of the object file.
    pub(super) object: u32,
    /// Address in it.
    pub(super) address: u64,
}

/// Calls from one instruction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The calling instruction.
    pub(super) from: Place,
    /// Number of the called function.
    pub(super) to: u32,
    /// Instructions executed by these calls.
    pub(super) inclusive: u64,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum DumpError {
    #[error("it cannot be read")]
    Read(#[from] std::io::Error),
    #[error("line {number} is not understood: `{text}`")]
    Line { number: u64, text: String },
    #[error("it does not count instructions by address")]
    OtherKind,
    #[error("it ends before its totals")]
    CutOff,
    #[error("its lines sum to {sum} instructions, its totals say {total}")]
    Sum { sum: u64, total: u64 },
}

/// Characters of a line that an error shows.
const SHOWN: usize = 80;

impl Dump {
    /// Reads one file.
    pub(super) fn read(mut file: impl BufRead) -> Result<Self, DumpError> {
        let mut reader = Reader::default();
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            if file.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            reader.line(text).ok_or_else(|| DumpError::Line {
                number,
                text: text.chars().take(SHOWN).collect(),
            })?;
        }
        reader.finish()
    }
}

/// The state between two lines.
#[derive(Debug, Default)]
struct Reader {
    dump: Dump,
    /// Columns of a line before its counts, and which of them is the address.
    positions: usize,
    address: Option<usize>,
    /// Which of the counts is that of instructions.
    event: Option<usize>,
    totals: Option<u64>,
    sum: u64,
    /// What the next line of counts is about.
    object: u32,
    function: Option<u32>,
    called: Option<u32>,
    next: Next,
    /// Positions of the line before.
    last: Vec<u64>,
}

/// What the next line of counts says.
#[derive(Debug, Default, PartialEq, Eq)]
enum Next {
    /// Instructions of the function's own.
    #[default]
    Own,
    /// Where the calls of the line before came from, and what they did.
    Call,
    /// Where a jump came from.
    Jump,
}

impl Reader {
    /// Takes in a line; `None` where it cannot be understood.
    fn line(&mut self, line: &str) -> Option<()> {
        match line.bytes().next() {
            None | Some(b'#') => Some(()),
            Some(b'0'..=b'9' | b'+' | b'-' | b'*') => self.counts(line),
            Some(_) => self.words(line),
        }
    }

    fn words(&mut self, line: &str) -> Option<()> {
        // Names may have any character, a header's key has neither.
        if let Some((key, value)) = line.split_once(['=', ':'])
            && line.as_bytes().get(key.len()) == Some(&b'=')
        {
            return self.specification(key, value);
        }
        let (key, value) = line.split_once(':')?;
        let value = value.trim();
        match key {
            "creator" => value.clone_into(&mut self.dump.creator),
            "positions" => {
                let words: Vec<&str> = value.split_whitespace().collect();
                self.positions = words.len();
                self.address = words.iter().position(|word| *word == "instr");
                self.last = vec![0; words.len()];
            }
            "events" => self.event = value.split_whitespace().position(|word| word == "Ir"),
            "desc" => {
                if let Some(reason) = value.strip_prefix("Trigger:") {
                    reason.trim().clone_into(&mut self.dump.reason);
                }
            }
            // `summary` is the same where a file is written at the end, and 0 where it is written on request.
            "totals" => {
                let total = match self.event.and_then(|at| value.split_whitespace().nth(at)) {
                    Some(total) => total.parse().ok()?,
                    None => 0,
                };
                self.totals = Some(self.totals.unwrap_or_default().checked_add(total)?);
            }
            _ => {}
        }
        Some(())
    }

    fn specification(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "ob" => self.object = self.object_number(value)?,
            // The lines of a call are the caller's; the callee's object comes with its own lines.
            "cob" => drop(self.object_number(value)?),
            "fn" => self.function = Some(compressed(value)?.0),
            "cfn" => self.called = Some(compressed(value)?.0),
            "calls" => {
                self.called?;
                self.next = Next::Call;
            }
            "jump" | "jcnd" => self.next = Next::Jump,
            // Files come from debug info, and what a later version may add is nothing that was asked for.
            _ => {}
        }
        Some(())
    }

    fn object_number(&mut self, value: &str) -> Option<u32> {
        let (number, name) = compressed(value)?;
        if !name.is_empty() {
            self.dump.objects.insert(number, name.to_owned());
        }
        Some(number)
    }

    fn counts(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_whitespace();
        for last in &mut self.last {
            *last = position(words.next()?, *last)?;
        }
        let next = std::mem::take(&mut self.next);
        if next == Next::Jump {
            return Some(());
        }
        let (address, event) = (self.address?, self.event?);
        let place = Place {
            object: self.object,
            address: self.last[address],
        };
        // Zeroes at the end of a line are left out.
        let count = words.nth(event).map_or(Some(0), |word| word.parse().ok())?;
        let function = self.dump.functions.entry(self.function?).or_default();
        if next == Next::Call {
            function.calls.push(Call {
                from: place,
                to: self.called.take()?,
                inclusive: count,
            });
        } else {
            function.own.push((place, count));
            self.sum = self.sum.checked_add(count)?;
        }
        Some(())
    }

    fn finish(mut self) -> Result<Dump, DumpError> {
        let total = self.totals.ok_or(DumpError::CutOff)?;
        if self.address.is_none() || self.event.is_none() {
            return Err(DumpError::OtherKind);
        }
        // callgrind adds up while it counts, and the lines are what it writes: two ways to one number.
        if self.sum != total {
            return Err(DumpError::Sum {
                sum: self.sum,
                total,
            });
        }
        self.dump.total = total;
        Ok(self.dump)
    }
}

/// `(7) name` gives a number its name, `(7)` is the same name again.
fn compressed(value: &str) -> Option<(u32, &str)> {
    let (number, name) = value.strip_prefix('(')?.split_once(')')?;
    Some((number.parse().ok()?, name.trim()))
}

/// `0x1f` and `31` are positions, `+4`, `-4` and `*` are relative to the one before.
fn position(word: &str, last: u64) -> Option<u64> {
    if word == "*" {
        return Some(last);
    }
    if let Some(more) = word.strip_prefix('+') {
        return last.checked_add(number(more)?);
    }
    if let Some(less) = word.strip_prefix('-') {
        return last.checked_sub(number(less)?);
    }
    number(word)
}

fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}
