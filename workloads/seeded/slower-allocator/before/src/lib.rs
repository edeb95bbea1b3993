//! A gateway that takes forms apart, checks their fields and hands them on as lines of a journal.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

/// What has been handed on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// Lines.
    pub lines: u64,
    /// Forms that were no forms.
    pub refused: u64,
    /// Bytes of all lines.
    pub bytes: u64,
    /// Checksum over all lines.
    pub checksum: u64,
}

/// So many forms as browsers send them, the same ones every time.
pub fn forms(count: u64) -> Vec<String> {
    let form = |number: u64| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let escape = if number.is_multiple_of(40) {
            "%zz"
        } else {
            "%C3%A9"
        };
        let text = "please+call+before+you+come%2C+the+bell+is+out+of+order+".repeat(8);
        format!(
            "account={}&card={mixed:016x}&name=Ren{escape}+No+{number}&street=Long+Lane+{}&text={text}&token={:016x}",
            mixed % 100_003,
            mixed % 211,
            mixed.rotate_left(17),
        )
    };
    (0..count).map(form).collect()
}

/// Hands all forms on.
pub async fn run(forms: &[String]) -> Journal {
    let (sender, mut receiver) = mpsc::channel::<Option<String>>(16);
    let accept = async move {
        for form in forms {
            let line = parse(form).map(|fields| render(&fields));
            if sender.send(line).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        let mut journal = Journal::default();
        while let Some(line) = receiver.recv().await {
            match line {
                Some(line) => journal.append(&line),
                None => journal.refused += 1,
            }
        }
        journal
    };
    tokio::join!(accept, write).1
}

impl Journal {
    fn append(&mut self, line: &str) {
        self.lines += 1;
        self.bytes += line.len() as u64;
        self.checksum = line.bytes().fold(self.checksum, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

/// Fields by name, decoded.
fn parse(form: &str) -> Option<BTreeMap<String, String>> {
    form.split('&')
        .map(|field| {
            let (name, value) = field.split_once('=')?;
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                (high << 4 | low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn render(fields: &BTreeMap<String, String>) -> String {
    let mut line = String::with_capacity(2_048);
    for (name, value) in fields {
        let hidden = matches!(name.as_str(), "card" | "token");
        line.push_str(name);
        line.push_str("=\"");
        line.push_str(if hidden { "***" } else { value });
        line.push_str("\" ");
    }
    line
}
