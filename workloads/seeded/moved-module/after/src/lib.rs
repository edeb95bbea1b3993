//! A chat room: what one member says is rendered once and reaches the task of every member over a channel of its own.

mod markup;
mod member;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::markup::render;
use crate::member::member;

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
