//! The buffer between two vertices: encoded messages, kept until their reader acknowledges them.

use std::collections::VecDeque;

use bytes::Bytes;

/// Messages in the order they were written.
#[derive(Debug, Default)]
pub struct InterStepBuffer {
    messages: VecDeque<Bytes>,
}

impl InterStepBuffer {
    /// Adds an encoded message.
    pub fn write(&mut self, message: Bytes) {
        self.messages.push_back(message);
    }

    /// The oldest messages, at most `batch` of them. They stay until they are acknowledged.
    pub fn read(&self, batch: usize) -> Vec<Bytes> {
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
