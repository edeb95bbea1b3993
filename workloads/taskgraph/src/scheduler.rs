//! The scheduler: events in, assignments out. It runs apart from the reactor and knows no connection.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tracing::info_span;

use crate::graph::TaskId;
use crate::placement::Placement;
use crate::protocol::WorkerId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker came.
    Joined,
    /// A worker is done with a task.
    Finished {
        /// The task.
        task: TaskId,
        /// The worker.
        worker: WorkerId,
    },
    /// A worker says whether it gives a task back.
    Stolen {
        /// The task.
        task: TaskId,
        /// The worker.
        worker: WorkerId,
        /// Whether it does.
        given: bool,
    },
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

/// A task that its worker is to give back, because another has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steal {
    /// The task.
    pub task: TaskId,
    /// Who has it.
    pub from: WorkerId,
}

/// What comes of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Tasks to compute.
    pub assignments: Vec<Assignment>,
    /// Tasks to ask back.
    pub steals: Vec<Steal>,
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
    pub fn schedule(&mut self, events: Vec<Event>) -> Decisions {
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
                Event::Finished { task, worker } => self.placement.finish(task, worker),
                Event::Stolen {
                    task,
                    worker,
                    given,
                } => {
                    let to = self.placement.stolen(task, worker, given);
                    assignments.extend(to.map(|worker| Assignment { task, worker }));
                }
                Event::Ready { task, holders } => self.place(task, &holders, &mut assignments),
            }
        }
        Decisions {
            assignments,
            steals: self.placement.balance(),
        }
    }

    fn place(&mut self, task: TaskId, holders: &[WorkerId], assignments: &mut Vec<Assignment>) {
        match self.placement.place(task, holders) {
            Some(worker) => assignments.push(Assignment { task, worker }),
            None => self.waiting.push(task),
        }
    }
}

/// Answers until nobody asks any more.
pub async fn run(
    mut scheduler: Scheduler,
    mut events: UnboundedReceiver<Vec<Event>>,
    decisions: UnboundedSender<Decisions>,
) {
    while let Some(events) = events.recv().await {
        let schedule = info_span!("schedule", items = events.len());
        let scheduled = schedule.in_scope(|| scheduler.schedule(events));
        if decisions.send(scheduled).is_err() {
            break;
        }
    }
}
