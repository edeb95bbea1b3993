//! The buffer between two vertices: encoded messages, kept until their reader acknowledges them.

use std::collections::VecDeque;

use bytes::Bytes;
use tracing::Span;

/// Messages in the order they were written.
#[derive(Debug, Default)]
pub struct InterStepBuffer {
    messages: VecDeque<Queued>,
}

/// An encoded message on its way through the vertex behind the buffer.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The message.
    pub bytes: Bytes,
    /// The span of that vertex: it begins to wait when the message is written, and ends when it is acknowledged.
    pub span: Span,
}

impl InterStepBuffer {
    /// Adds an encoded message.
    pub fn write(&mut self, bytes: Bytes, span: Span) {
        self.messages.push_back(Queued { bytes, span });
    }

    /// The oldest messages, at most `batch` of them. They stay until they are acknowledged.
    pub fn read(&self, batch: usize) -> Vec<Queued> {
        self.messages.iter().take(batch).cloned().collect()
    }

    /// Forgets the oldest `count` messages.
    pub fn acknowledge(&mut self, count: usize) {
        self.messages.drain(..count.min(self.messages.len()));
    }

    /// How many messages wait.
    pub fn pending(&self) -> usize {
        self.messages.len()
    }
}
