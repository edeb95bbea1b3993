//! How fast a crawler may go.

use std::collections::VecDeque;

use tokio::task::yield_now;

/// Remembers the last fetches, so that no corner of a site is asked too often.
pub(crate) struct Pace {
    last: VecDeque<u32>,
    window: usize,
    history: Vec<[u64; 32]>,
}

impl Pace {
    /// A pace that looks at the last `window` fetches.
    pub(crate) fn new(window: usize) -> Self {
        Self {
            last: VecDeque::with_capacity(window),
            window,
            history: Vec::new(),
        }
    }

    /// Gives way as often as the corner of `number` was asked lately.
    pub(crate) async fn before(&mut self, number: u32) {
        let corner = number / 64;
        let lately = self.last.iter().filter(|last| **last == corner).count();
        for _ in 0..lately {
            yield_now().await;
        }
        self.history.push([u64::from(corner); 32]);
        if self.last.len() == self.window {
            self.last.pop_front();
        }
        self.last.push_back(corner);
    }
}
