//! Queues of messages between tasks, which keep their memory.
//!
//! tokio's unbounded channels keep messages in blocks, and how many blocks a graph takes depends on where in a block it
//! begins: the number of allocations would alternate from one graph to the next. A ring grows until the largest graph has
//! fitted in once and then takes nothing.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A queue with any number of senders.
#[must_use]
pub fn mailbox<T>() -> (Sender<T>, Mailbox<T>) {
    let shared = Arc::new(Shared(Mutex::new(State {
        messages: VecDeque::new(),
        senders: 1,
        is_open: true,
        waiting: None,
    })));
    (Sender(Arc::clone(&shared)), Mailbox(shared))
}

/// The end that sends.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// The end that receives.
#[derive(Debug)]
pub struct Mailbox<T>(Arc<Shared<T>>);

/// Nobody receives any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody receives any more")]
pub struct Closed;

#[derive(Debug)]
struct Shared<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    messages: VecDeque<T>,
    senders: usize,
    is_open: bool,
    waiting: Option<Waker>,
}

impl<T> Shared<T> {
    /// No invariant spans a panic: nothing within the lock calls foreign code but a waker.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(mut state: MutexGuard<'_, State<T>>) {
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<T> Sender<T> {
    /// Appends a message.
    ///
    /// # Errors
    /// When nobody receives any more.
    pub fn send(&self, message: T) -> Result<(), Closed> {
        let mut state = self.0.lock();
        if !state.is_open {
            return Err(Closed);
        }
        state.messages.push_back(message);
        Shared::wake(state);
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.senders -= 1;
        if state.senders == 0 {
            Shared::wake(state);
        }
    }
}

impl<T> Mailbox<T> {
    /// The next message; `None` when there is none and there will be none.
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|context| self.poll(context, |messages| messages.pop_front())).await
    }

    /// Moves up to so many messages into a vector and says how many; 0 when there will be none.
    pub async fn recv_many(&mut self, into: &mut Vec<T>, most: usize) -> usize {
        let mut take = |messages: &mut VecDeque<T>| {
            let count = messages.len().min(most);
            into.extend(messages.drain(..count));
            (count > 0).then_some(count)
        };
        let received = poll_fn(|context| self.poll(context, &mut take)).await;
        received.unwrap_or(0)
    }

    fn poll<R>(
        &self,
        context: &Context<'_>,
        mut take: impl FnMut(&mut VecDeque<T>) -> Option<R>,
    ) -> Poll<Option<R>> {
        let mut state = self.0.lock();
        match take(&mut state.messages) {
            Some(taken) => Poll::Ready(Some(taken)),
            None if state.senders == 0 => Poll::Ready(None),
            None => {
                state.waiting = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_open = false;
        let left = std::mem::take(&mut state.messages);
        // A message may hold a sender of this very queue.
        drop(state);
        drop(left);
    }
}
