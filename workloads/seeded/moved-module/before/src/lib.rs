//! A chat room: what one member says is rendered once and reaches the task of every member over a channel of its own.

use std::sync::Arc;

use tokio::sync::mpsc;

/// Something that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Number of the member who says it.
    pub from: usize,
    /// Plain text; `*` marks emphasis.
    pub text: String,
}

/// What one member has seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Lines of others.
    pub lines: u64,
    /// Lines in which the member is mentioned.
    pub mentions: u64,
    /// Digest of all lines.
    pub digest: u64,
}

struct Line {
    from: usize,
    markup: String,
}

/// Lets `members` talk to one another and returns what each has seen.
pub async fn chat(members: usize, messages: &[Message]) -> Vec<Seen> {
    let mut outboxes = Vec::with_capacity(members);
    let mut tasks = Vec::with_capacity(members);
    for number in 0..members {
        let (outbox, inbox) = mpsc::channel(32);
        outboxes.push(outbox);
        tasks.push(tokio::spawn(member(number, inbox)));
    }
    for message in messages {
        let line = Arc::new(Line {
            from: message.from,
            markup: render(message),
        });
        for outbox in &outboxes {
            // A member who has left misses it.
            let _ = outbox.send(Arc::clone(&line)).await;
        }
    }
    drop(outboxes);
    let mut seen = Vec::with_capacity(members);
    for task in tasks {
        seen.push(task.await.expect("a member's task does not panic"));
    }
    seen
}

async fn member(number: usize, mut inbox: mpsc::Receiver<Arc<Line>>) -> Seen {
    let mut seen = Seen::default();
    let name = format!("@m{number}<");
    while let Some(line) = inbox.recv().await {
        if line.from == number {
            continue;
        }
        seen.lines += 1;
        seen.mentions += u64::from(line.markup.contains(&name));
        seen.digest = digest(seen.digest, &line.markup);
    }
    seen
}

fn render(message: &Message) -> String {
    let mut markup = String::with_capacity(message.text.len() + 48);
    markup.push_str("<p>");
    for word in message.text.split(' ') {
        if word.starts_with('@') {
            markup.push_str("<b>");
            escape(word, &mut markup);
            markup.push_str("</b> ");
        } else if let Some(loud) = emphasis(word) {
            markup.push_str("<em>");
            escape(loud, &mut markup);
            markup.push_str("</em> ");
        } else {
            escape(word, &mut markup);
            markup.push(' ');
        }
    }
    markup.push_str("</p>");
    markup
}

fn emphasis(word: &str) -> Option<&str> {
    word.strip_prefix('*')?.strip_suffix('*')
}

fn escape(text: &str, markup: &mut String) {
    for character in text.chars() {
        match character {
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '&' => markup.push_str("&amp;"),
            other => markup.push(other),
        }
    }
}

fn digest(seed: u64, markup: &str) -> u64 {
    let words = markup.as_bytes().chunks(4);
    words.fold(seed, |hash, word| {
        let word = word
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}
