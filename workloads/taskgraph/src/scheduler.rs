//! The scheduler: events in, assignments out. It runs apart from the reactor and knows no connection.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::graph::TaskId;
use crate::placement::Placement;
use crate::protocol::WorkerId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker came.
    Joined,
    /// A worker is done with a task.
    Finished(WorkerId),
    /// All inputs of a task are there.
    Ready {
        /// The task.
        task: TaskId,
        /// Who has its inputs.
        holders: Vec<WorkerId>,
    },
}

/// Who computes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The task.
    pub task: TaskId,
    /// The worker.
    pub worker: WorkerId,
}

/// Chooses workers for tasks.
#[derive(Debug)]
pub struct Scheduler {
    placement: Placement,
    /// Tasks that were ready before the first worker came.
    waiting: Vec<TaskId>,
}

impl Scheduler {
    /// Without workers.
    #[must_use]
    pub fn new(placement: Placement) -> Self {
        Self {
            placement,
            waiting: Vec::new(),
        }
    }

    /// Says who computes what, in the order of the events.
    pub fn schedule(&mut self, events: Vec<Event>) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        for event in events {
            match event {
                Event::Joined => {
                    self.placement.join();
                    // Their inputs are with nobody yet: they would have been computed.
                    for task in std::mem::take(&mut self.waiting) {
                        self.place(task, &[], &mut assignments);
                    }
                }
                Event::Finished(worker) => self.placement.finish(worker),
                Event::Ready { task, holders } => self.place(task, &holders, &mut assignments),
            }
        }
        assignments
    }

    fn place(&mut self, task: TaskId, holders: &[WorkerId], assignments: &mut Vec<Assignment>) {
        match self.placement.place(holders) {
            Some(worker) => assignments.push(Assignment { task, worker }),
            None => self.waiting.push(task),
        }
    }
}

/// Answers until nobody asks any more.
pub async fn run(
    mut scheduler: Scheduler,
    mut events: UnboundedReceiver<Vec<Event>>,
    assignments: UnboundedSender<Vec<Assignment>>,
) {
    while let Some(events) = events.recv().await {
        if assignments.send(scheduler.schedule(events)).is_err() {
            break;
        }
    }
}
