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
    let (digits, radix) = match word.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    // A sign was taken off already.
    let is_number = digits.starts_with(|first: char| first.is_ascii_hexdigit());
    u64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 4242
cmd:  /a=b/bench: with words
part: 2

desc: Timerange: Basic block 0 - 99
desc: Trigger: Client Request: perfkit: one iteration

positions: instr
events: Ir
summary: 0

";

    /// A dump with this body, read; errors as a person gets to read them.
    fn read(body: &str) -> Result<Dump, String> {
        Dump::read(format!("{HEADER}{body}").as_bytes()).map_err(|error| error.to_string())
    }

    fn place(object: u32, address: u64) -> Place {
        Place { object, address }
    }

    #[test]
    fn functions_with_calls() {
        let dump = read(
            "\
ob=(2) /lib/libc.so.6
fl=(73) ./misc/a'b.c
fn=(30) memcpy'copy'main
0x100 5
+4 5
-2 1
*
* 2
+10

ob=(1) /target/bench
fn=(10) main
0x1000 1
cob=(2)
cfi=(73)
cfn=(30)
calls=3 0x100
* 13
+5 1
fi=(9) inlined.rs
+1 1
jcnd=2/3 +16
+2
jump=7 0x1000
*
+2 1
cfn=(40) write: a=b
calls=1 +8
+3 0
totals: 17
",
        )
        .unwrap();
        assert_eq!(dump.creator, "callgrind-3.19.0");
        assert_eq!(dump.reason, "Client Request: perfkit: one iteration");
        assert_eq!(dump.total, 17);
        assert_eq!(dump.objects[&1], "/target/bench");
        assert_eq!(dump.objects[&2], "/lib/libc.so.6");
        let memcpy = &dump.functions[&30];
        assert_eq!(
            memcpy.own,
            [
                (place(2, 0x100), 5),
                (place(2, 0x104), 5),
                (place(2, 0x102), 1),
                (place(2, 0x102), 0),
                (place(2, 0x102), 2),
                (place(2, 0x10c), 0),
            ]
        );
        let main = &dump.functions[&10];
        assert_eq!(
            main.own,
            [
                (place(1, 0x1000), 1),
                (place(1, 0x1005), 1),
                (place(1, 0x1006), 1),
                // Where jumps came from are positions, and no counts.
                (place(1, 0x100a), 1),
            ]
        );
        let call = |address, to, inclusive| Call {
            from: place(1, address),
            to,
            inclusive,
        };
        assert_eq!(main.calls, [call(0x1000, 30, 13), call(0x100d, 40, 0)]);
    }

    #[test]
    fn other_columns_and_events() {
        let text = "positions: instr line\nevents: Sys Ir Dr\nob=(1) a\nfn=(1) f\n0x10 7 1 2 3\n+2 * 0 4\n+2 +1\ntotals: 1 6 3\n";
        let dump = Dump::read(text.as_bytes()).unwrap();
        let own = [(place(1, 16), 2), (place(1, 18), 4), (place(1, 20), 0)];
        assert_eq!(dump.functions[&1].own, own);
        assert_eq!(dump.total, 6);
    }

    #[test]
    fn nothing_counted_is_an_answer() {
        assert_eq!(read("totals: 0\n").unwrap().functions.len(), 0);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let message = |body: &str| read(body).unwrap_err();
        let function = "ob=(1) a\nfn=(1) f\n";
        for (body, line) in [
            ("0x10 1\n", "0x10 1"),
            ("fn=(1 f\n", "fn=(1 f"),
            ("fn=(99999999999) f\n", "fn=(99999999999) f"),
            ("ob=f\n", "ob=f"),
            ("calls=1 0x10\n", "calls=1 0x10"),
            ("no such line\n", "no such line"),
            ("totals: many\n", "totals: many"),
            ("totals: 18446744073709551615\ntotals: 1\n", "totals: 1"),
        ] {
            let number = HEADER.lines().count() + body.lines().count();
            assert_eq!(
                message(body),
                format!("line {number} is not understood: `{line}`")
            );
        }
        for line in [
            "0x10 x",
            "0x10 -1",
            "0xgg 1",
            "-1 1",
            "+ 1",
            "++1 1",
            "0x10 18446744073709551616",
            "0x10000000000000000 1",
            "0x10 18446744073709551615\n+1 1",
            "0xffffffffffffffff 1\n+1 1",
            "\u{30}\u{fffd} 1",
        ] {
            let said = message(&format!("{function}{line}\n"));
            assert!(said.contains("is not understood"), "{line}: {said}");
        }
        let cut = message(&format!("{function}0x10 1\n"));
        assert_eq!(cut, "it ends before its totals");
        let changed = message(&format!("{function}0x10 1\ntotals: 2\n"));
        assert_eq!(changed, "its lines sum to 1 instructions, its totals say 2");
        let lines = Dump::read("positions: line\nevents: Ir\ntotals: 0\n".as_bytes());
        assert!(matches!(lines, Err(DumpError::OtherKind)), "{lines:?}");
        let events = Dump::read("positions: instr\nevents: Dr\ntotals: 0\n".as_bytes());
        assert!(matches!(events, Err(DumpError::OtherKind)), "{events:?}");
    }

    #[test]
    fn no_part_of_a_file_is_taken_for_the_whole() {
        let body =
            "ob=(1) a\nfn=(1) f\n0x10 4\ncfn=(2) g\ncalls=1 0x20\n* 3\nfn=(2)\n0x20 3\ntotals: 7\n";
        let whole = format!("{HEADER}{body}");
        let end = whole.trim_end().len();
        assert!(Dump::read(&whole.as_bytes()[..end]).is_ok());
        for length in 0..end {
            let cut = Dump::read(&whole.as_bytes()[..length]);
            assert!(cut.is_err(), "{length} of {end} bytes");
        }
        // Any byte changed gives an answer or an error.
        for index in 0..whole.len() {
            for byte in [b'\n', b'0', b'9', b'(', b'=', b':', b'*', 0xff] {
                let mut bytes = whole.clone().into_bytes();
                bytes[index] = byte;
                drop(Dump::read(bytes.as_slice()));
            }
        }
    }
}
